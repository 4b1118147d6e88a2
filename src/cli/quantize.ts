import { parse } from "node:path";
import { type Dataset, type DatasetDescription, spreadEvenly } from "../datasets/dataset.ts";
import { datasets } from "../datasets/index.ts";
import { requireClasses } from "../evaluation/require-classes.ts";
import type { Photo } from "../images/types.ts";
import { predictLabels } from "../inference/predictor.ts";
import { DEFAULT_MODEL } from "../model-files/manifest.ts";
import type { Model, RunnableModel } from "../model-files/model.ts";
import { loadModel } from "../model-files/node/load.ts";
import { checkFolderOf, writeFileAtomically } from "../node/files.ts";
import { readVersion } from "../node/version.ts";
import { createPredictor, quantizeModel } from "../node-engine.ts";
import { type Comparison, comparePredictors } from "../quantization/compare.ts";
import { rangeMethods } from "../quantization/range.ts";
import { findDevice } from "../runtime/node/find-device.ts";
import type { OpenSession } from "../runtime/session.ts";
import type { Arguments, Command } from "./arguments.ts";
import {
  choice,
  classes,
  data,
  datasetOption,
  deviceOption,
  flag,
  help,
  integer,
  json,
  text,
  threads,
  typedDataset,
  weights,
} from "./options.ts";
import { colors, formatBytes, formatList, formatShare, log } from "./output.ts";
import { summaries } from "./summaries.ts";
import { withInterrupt } from "./with-interrupt.ts";

const DEFAULT_PHOTOS = 64;
const EVALUATED_SPLIT = "val";

const dataset = datasetOption("the one that has the model's classes, else custom, one's own");
const out = text("out", "FILE.onnx", "The file to write (default MODEL.int8.onnx, here)");
const split = text("split", "NAME", "Part of the data set whose photos give the ranges (default train)");
const photos = integer(
  "photos",
  "N",
  { min: 1 },
  `How many of its photos, spread over it evenly (default ${DEFAULT_PHOTOS})`,
);
const method = choice(
  "method",
  "NAME",
  rangeMethods,
  `How ranges are chosen: ${rangeMethods.join(", ")} (default percentile)`,
);
const device = deviceOption("cpu");
const fullRange = flag("full-range", "Use all 8 bits of the weights, for CPUs with VNNI");
const noEvaluate = flag(
  "no-evaluate",
  `Do not measure both models on the split ${EVALUATED_SPLIT} afterwards`,
);

export const quantize: Command = {
  name: "quantize",
  summary: summaries.quantize,
  operands: { name: "[MODEL]", min: 0, max: 1 },
  options: [
    ...[data, dataset, split, photos, method, fullRange, out, noEvaluate],
    ...[weights, classes, device, threads, json, help],
  ],
  notes: [
    `MODEL is a shipped model, a model file, the folder of a training run, or a network with --weights (default ${DEFAULT_MODEL}). The file is ONNX and can be used as --model with segment and evaluate; input pixels, uint8 [N, H, W, 3], output scores, float32 [N, classes, h, w].`,
    "Weights become int8 with a scale for each output channel, feature maps uint8 with one scale each. The range of a feature map is measured on the photos: all of it (minmax), all but the outermost 0.01 % on each side (percentile), or the range of least mean squared error (mse).",
    "CPUs with AVX2 but without VNNI add two products in 16 bits, and 8-bit weights can overflow there. Weights therefore use 7 bits unless --full-range is given.",
    "Ctrl-C stops after the run of the network under way, without a file; during the measuring, which comes after, with it. Exit code 130.",
  ],
  examples: [
    "lightseg quantize camvid --data camvid",
    "lightseg quantize my-run/best.safetensors --data garden --out garden.int8.onnx",
    "lightseg segment photo.jpg --model garden.int8.onnx",
  ],

  async run(args, print) {
    const name = args.operands[0] ?? DEFAULT_MODEL;
    const path = args.get(out) ?? `${parse(name).name}.int8.onnx`;
    if (!path.endsWith(".onnx"))
      throw args.usageError("--out", "must be a file name that ends in .onnx", path);
    await checkFolderOf(path);
    args.require(data);
    const count = args.get(photos) ?? DEFAULT_PHOTOS;
    const options = {
      method: args.get(method) ?? "percentile",
      reduceRange: !args.has(fullRange),
      threads: args.get(threads),
    };
    const model = await loadModel({
      model: name,
      weights: args.get(weights),
      classes: args.get(classes),
      onNote: log,
    });
    const { open, note: deviceNote } = await findDevice(args.get(device) ?? "cpu");
    if (deviceNote !== undefined) log(deviceNote);
    const { calibration, evaluated } = await openSplits(args, model);
    let written: Record<string, unknown> = {};
    const stopped = () => {
      print(written.out === undefined ? "stopped; nothing was written" : "stopped before all was measured");
      return { ...written, finished: false };
    };
    const note = "stopping after the run of the network under way; once more to stop at once";
    return withInterrupt({ note, stopped }, async ({ progress, signal }) => {
      const bytes = await quantizeModel({
        ...options,
        model,
        open,
        signal,
        calibration: await loadPhotos(calibration, count, signal),
        version: await readVersion(),
        onProgress: (done, total) => progress.update("calibration", done, total),
      });
      progress.end();
      await writeFileAtomically(path, bytes);
      written = { out: path, network: model.network, bytes: bytes.length };
      print(formatWritten(path, model, bytes));
      if (!evaluated) return { json: { ...written, finished: true } };

      const comparison = await measureBoth(
        evaluated,
        model,
        { ...model, onnx: bytes },
        {
          open,
          signal,
          threads: options.threads,
          onProgress: (done, total) => progress.update("evaluation", done, total),
        },
      );
      progress.end();
      print(formatComparison(comparison));
      const { before, after, agreement } = comparison;
      const measured = { miouBefore: before.miou, miouAfter: after.miou, labelAgreement: agreement };
      return { json: { ...written, finished: true, ...measured } };
    });
  },
};

/** Opens the splits before the work, so that what is missing is noticed first. */
async function openSplits(args: Arguments, model: Model) {
  const description = chooseDataset(args, model);
  const folder = args.require(data);
  const calibration = await description.open(folder, args.get(split) ?? "train");
  const evaluated = args.has(noEvaluate) ? undefined : await description.open(folder, EVALUATED_SPLIT);
  const hint = "--no-evaluate takes the photos alone, whatever their classes";
  if (evaluated) requireClasses(model, evaluated, { where: "quantize", hint });
  return { calibration, evaluated };
}

function formatWritten(path: string, { network }: Model, { length }: Uint8Array): string {
  const rows: [string, string][] = [
    ["network", network],
    ["size", formatBytes(length)],
  ];
  return `${colors.bold(path)}\n${formatList(rows, "  ")}`;
}

function formatComparison({ before, after, agreement }: Comparison): string {
  const rows: [string, string][] = [
    ["mean IoU before", formatShare(before.miou)],
    ["mean IoU after", formatShare(after.miou)],
    ["labels that agree", `${(100 * agreement).toFixed(2)} %`],
  ];
  return formatList(rows, "  ");
}

/** The one that was typed, or else one with the model's classes, or one's own. */
function chooseDataset(args: Arguments, model: Model): DatasetDescription {
  const sameClasses = ({ labels }: DatasetDescription) => String(labels?.classes) === String(model.classes);
  const known = args.has(dataset) ? undefined : datasets.find(sameClasses);
  return known ?? typedDataset(args);
}

/** So many photos, spread evenly over a split; all of a smaller one. */
async function loadPhotos(dataset: Dataset, count: number, signal: AbortSignal): Promise<Photo[]> {
  const loaded: Photo[] = [];
  for (const index of spreadEvenly(dataset.size, count)) {
    signal.throwIfAborted();
    const { photo } = await dataset.load(index);
    loaded.push(photo);
  }
  return loaded;
}

interface MeasureBothOptions {
  /** Opens the float model; the int8 model always runs on the CPU. */
  open: OpenSession;
  threads: number | undefined;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}

async function measureBoth(
  dataset: Dataset,
  before: RunnableModel,
  after: RunnableModel,
  { open, threads, ...options }: MeasureBothOptions,
) {
  const first = createPredictor(before, { open, threads });
  const second = createPredictor(after, { threads });
  try {
    const predictors = { before: predictLabels(first), after: predictLabels(second) };
    return await comparePredictors(dataset, { ...predictors, ...options });
  } finally {
    await Promise.all([first.dispose(), second.dispose()]);
  }
}
