import { dirname } from "node:path";
import { type Dataset, takeFirst } from "../datasets/dataset.ts";
import { findLabelIssues } from "../datasets/issues.ts";
import { hasLabels } from "../datasets/label-counts.ts";
import { LightsegError } from "../errors.ts";
import type { ViewOptions } from "../evaluation/average-views.ts";
import { confusionRows } from "../evaluation/confusion-matrix.ts";
import { type EvaluateOptions, type Evaluation, evaluate as measure } from "../evaluation/evaluate.ts";
import { byClassName, meanIouOf } from "../evaluation/metrics.ts";
import { requireClasses } from "../evaluation/require-classes.ts";
import { countTrainedPhotos } from "../evaluation/trained-photos.ts";
import {
  type LoadOnDeviceOptions,
  loadOnDevice,
  type ModelOnDevice,
} from "../inference/node/load-on-device.ts";
import { shareThreads } from "../inference/node/share-threads.ts";
import { predictWithConfidence } from "../inference/predictor.ts";
import { makeFolder, writeFileAtomically } from "../node/files.ts";
import { createAveragingPredictor, createPredictor } from "../node-engine.ts";
import { plural } from "../plural.ts";
import { sideBySide } from "../runtime/side-by-side.ts";
import type { Command } from "./arguments.ts";
import { measureOptions, typedBoundary, typedMeanOver, typedViews } from "./evaluate-options.ts";
import { confusionCsv, formatClasses, formatSummary, predictionWriter } from "./evaluate-output.ts";
import {
  classes,
  data,
  dataset,
  deviceOption,
  dtypeOption,
  help,
  json,
  model,
  text,
  threads,
  typedDataset,
  weights,
} from "./options.ts";
import { formatShare, log } from "./output.ts";
import { limit } from "./study-options.ts";
import { summaries } from "./summaries.ts";
import { type Interruptible, withInterrupt } from "./with-interrupt.ts";

const split = text("split", "NAME", "Part of the data set, such as train, val or test (default val)");
const confusion = text(
  "confusion",
  "FILE.csv",
  "Also write the confusion matrix: rows are true classes, cells pixels",
);
const predictions = text("predictions", "DIR", "Also write each prediction as a palette PNG");

const dtype = dtypeOption("fp32");
const device = deviceOption("auto");

export const evaluate: Command = {
  name: "evaluate",
  summary: summaries.evaluate,
  options: [
    ...[model, weights, classes, dataset, data, split, limit],
    ...measureOptions,
    ...[confusion, predictions, dtype, device, threads, json, help],
  ],
  notes: [
    "Photos are segmented at full size, once unless --scales, --flip or --window say otherwise, and all pixels count in one confusion matrix; pixels with the ignore label do not. IoU is the share of the pixels both true and predicted among those true or predicted; accuracy, the share of the true pixels that were found.",
    "A class that is in no mask and no prediction has no IoU (-, null in JSON) and is left out of the mean; a class that is predicted but in no mask has IoU 0 and counts.",
    "With --scales, --flip and --window (test-time augmentation), softmax probabilities are averaged at the photo's size. Windows cover the photo, the last ones shifted inwards; a smaller photo is padded with the mean color. Logits are upsampled to the photo's size by bilinear interpolation, as in lightseg segment; --upsampling bicubic is OpenCV's bicubic interpolation, with which the authors of Light-Weight RefineNet measured.",
    "The boundary F-score (Csurka et al., 2013) is 2 precision recall / (precision + recall) of the pixels that touch another class, found if one of the same class lies within the tolerance; the mean over the photos in which the class has a boundary. Pixels with the ignore label make none: where they surround all objects, as in PASCAL VOC, few true outlines are left to measure.",
    "The expected calibration error (Guo et al., 2017) tells how far a network's confidence, the softmax probability of its class, is from the share of pixels that it gets right: the mean difference over 15 bins of equal width, measured at every fourth pixel of every fourth row. 0 is best; 10 % says that a confidence of 90 % may stand for 80 %.",
    "The low mean confidence is the 3rd percentile of the photos' mean confidences, each over the pixels of all classes but background. Where a model file holds it, lightseg segment gives a hint below it: training writes it into best.safetensors, lightseg convert --low-confidence into any model file.",
    "Predictions are DIR/ID.png; for voc DIR/results/VOC2012/Segmentation/comp6_SPLIT_cls/ID.png, as its server expects them.",
    "The model must have the classes of the data set, in the same order, and the split must have masks. In JSON all measures are 0..1. Ctrl-C stops after the run of the network under way, without measures; exit code 130.",
  ],
  examples: [
    "lightseg evaluate --model camvid --dataset camvid --data camvid --split val",
    "lightseg evaluate --model runs/a/best.safetensors --dataset camvid --data camvid --json",
    "lightseg evaluate --model camvid --dataset camvid --data camvid --scales 0.5,0.75,1,1.25,1.5,1.75 --flip --boundary",
  ],

  async run(args, print) {
    const description = typedDataset(args);
    const folder = args.require(data);
    const part = args.get(split) ?? "val";
    const views = typedViews(args);
    const boundary = typedBoundary(args);
    const csv = args.get(confusion);
    const out = args.get(predictions);
    const source: LoadOnDeviceOptions = {
      model: args.get(model),
      weights: args.get(weights),
      classes: args.get(classes),
      dtype: args.get(dtype) ?? "exact",
      device: args.get(device),
      onNote: log,
    };
    const threadCount = args.get(threads);

    const samples = takeFirst(await description.open(folder, part), args.get(limit));
    for (const warning of samples.warnings ?? []) log(`warning: ${warning}`);
    const { classes: names } = samples.labels;
    const some = typedMeanOver(args, names);
    const loaded = await loadOnDevice(source);
    if (loaded.note !== undefined) log(loaded.note);
    requireClasses(loaded.model, samples, { where: "evaluate" });
    const openSplit = (name: string) => description.open(folder, name);
    const trained = await countTrainedPhotos(loaded.model, samples, openSplit);
    if (trained > 0)
      log(
        `warning: the model was trained on ${trained} of these ${plural(samples.size, "photo")}, which flatters it`,
      );
    await requireLabels(samples);
    // Before hours of work, so that what cannot be written is noticed now.
    if (csv) await makeFolder(dirname(csv));
    if (out) await makeFolder(out);

    let done = 0;
    const stopped = () => {
      print(`stopped after ${done} of ${plural(samples.size, "photo")}`);
      return { dataset: samples.name, split: part, images: done, finished: false };
    };
    const note = "stopping after the run of the network under way; once more to stop at once";
    return withInterrupt({ note, stopped }, async (run) => {
      const evaluation = await measureModel(samples, loaded, {
        views,
        boundary,
        run,
        threads: threadCount,
        onPrediction: out ? predictionWriter(samples, out) : undefined,
        onProgress(number, total) {
          done = number;
          run.progress.update("photos", number, total);
        },
      });
      run.progress.end();
      for (const { message } of findLabelIssues(samples, { pixels: evaluation.confusion.labelPixels }))
        log(`warning: ${message}`);
      const meanOver = some && { classes: some.names, miou: meanIouOf(some.labels, evaluation) };
      print(`${formatClasses(names, evaluation)}\n\n${formatSummary(evaluation)}`);
      if (meanOver) print(`\nmean IoU of ${meanOver.classes.join(", ")}: ${formatShare(meanOver.miou)}`);
      if (csv) await writeFileAtomically(csv, confusionCsv(names, evaluation.confusion));
      return {
        json: {
          dataset: samples.name,
          split: part,
          device: loaded.device,
          finished: true,
          views: views ?? null,
          trainedPhotos: trained,
          ...report(names, evaluation),
          ...(meanOver && { meanOver }),
        },
      };
    });
  },
};

interface MeasureModelOptions extends Pick<EvaluateOptions, "boundary" | "onPrediction" | "onProgress"> {
  views: ViewOptions | undefined;
  threads: number | undefined;
  run: Interruptible;
}

async function measureModel(
  samples: Dataset,
  loaded: ModelOnDevice,
  { views, threads, run: { signal }, ...options }: MeasureModelOptions,
): Promise<Evaluation> {
  const { concurrency, ...shared } = shareThreads(loaded.device === "cpu" ? samples.size : 1, threads);
  const open = sideBySide(loaded.open, concurrency);
  const predictor = await openPredictor({ ...loaded, open }, { views, ...shared, signal });
  try {
    return await measure(samples, { ...options, predict: predictor.predict, concurrency, signal });
  } finally {
    await predictor.dispose();
  }
}

/** All that was measured, for `--json`. */
function report(names: readonly string[], evaluation: Evaluation) {
  const {
    images,
    miou,
    pixelAccuracy,
    meanAccuracy,
    frequencyWeightedIou,
    boundary,
    calibration,
    lowConfidence,
  } = evaluation;
  const named = (values: readonly (number | null)[]) => byClassName(names, values);
  return {
    images,
    classes: names,
    miou,
    iou: named(evaluation.iou),
    pixelAccuracy,
    meanAccuracy,
    accuracy: named(evaluation.accuracy),
    frequencyWeightedIou,
    ...(calibration && { calibration }),
    ...(lowConfidence !== undefined && { lowConfidence }),
    ...(boundary && {
      boundary: {
        meanScore: boundary.meanScore,
        score: named(boundary.score),
        precision: named(boundary.precision),
        recall: named(boundary.recall),
      },
    }),
    confusion: confusionRows(evaluation.confusion),
  };
}

/**
 * Labels of one view follow from its scores at their own resolution, which is faster; several views are
 * averaged at full size.
 */
async function openPredictor(
  { model, dtype, open }: ModelOnDevice,
  {
    views,
    threads,
    signal,
  }: { views: ViewOptions | undefined; threads: number | undefined; signal: AbortSignal },
) {
  if (views) return createAveragingPredictor(model, { ...views, open, threads, dtype, signal });
  const predictor = createPredictor(model, { open, threads, dtype });
  return { predict: predictWithConfidence(predictor), dispose: () => predictor.dispose() };
}

/**
 * Without labels there is nothing to measure, which is better known before the network runs on all photos.
 */
async function requireLabels(samples: Dataset): Promise<void> {
  if (await hasLabels(samples)) return;
  throw new LightsegError({
    code: "INVALID_DATASET",
    where: "evaluate",
    argument: `${samples.name}, split ${samples.split},`,
    rule: "must have a labelled pixel: its masks hold only ignored values",
    hint: "lightseg data check shows what the masks hold",
  });
}
