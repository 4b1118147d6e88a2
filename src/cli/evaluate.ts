import type { Dataset } from "../datasets/dataset.ts";
import { datasets, findDataset } from "../datasets/index.ts";
import { LightsegError } from "../errors.ts";
import { evaluate as measure } from "../evaluation/evaluate.ts";
import { byClassName } from "../evaluation/metrics.ts";
import { loadModel } from "../inference/load-model.ts";
import { createPredictor, predictLabels } from "../inference/predictor.ts";
import type { Model } from "../models/model.ts";
import { openNodeSession } from "../runtime/node.ts";
import type { Command } from "./arguments.ts";
import { choice, classes, data, dataset, help, json, model, threads, weights } from "./options.ts";
import { formatShare, formatTable, log } from "./output.ts";
import { Progress } from "./progress.ts";

const splits = [...new Set(datasets.flatMap((description) => description.splits))];
const split = choice("split", "NAME", splits, `Part of the data set: ${splits.join(", ")} (default val)`);

export const evaluate: Command = {
  name: "evaluate",
  summary: "Measures a model on a data set: IoU of each class, mean IoU, accuracies.",
  options: [model, weights, classes, dataset, data, split, threads, json, help],
  notes: [
    "Photos are segmented at full size, once, and all pixels count in one confusion matrix; pixels with the ignore label do not. IoU is the share of the pixels both true and predicted among those true or predicted.",
    "A class that is neither in the truth nor in any prediction has no IoU (-, null in JSON) and is left out of the mean; one that is predicted but nowhere true has IoU 0 and counts.",
    "The model must have the classes of the data set, in the same order. In JSON all measures are 0..1.",
  ],
  examples: [
    "lightseg evaluate --dataset camvid --data camvid --split val",
    "lightseg evaluate --model runs/a/best.safetensors --dataset camvid --data camvid --json",
  ],

  async run(args, print) {
    const description = findDataset(args.require(dataset));
    const folder = args.require(data);
    const part = args.get(split) ?? "val";
    const source = {
      model: args.get(model),
      weights: args.get(weights),
      classes: args.get(classes),
      onNote: log,
    };
    const settings = { outputs: ["labels"], open: openNodeSession, threads: args.get(threads) } as const;

    const loaded = await loadModel(source);
    const samples = await description.open(folder, part);
    requireClasses(loaded, samples);
    const predictor = await createPredictor(loaded, settings);
    const progress = new Progress();
    const metrics = await measure(samples, {
      predict: predictLabels(predictor),
      onProgress: (done, total) => progress.update("photos", done, total),
    }).finally(async () => {
      progress.end();
      await predictor.dispose();
    });

    const { classes: names } = samples.labels;
    const { miou, pixelAccuracy, meanAccuracy, frequencyWeightedIou, images } = metrics;
    const iou = byClassName(names, metrics.iou);
    print(iouTable(iou));
    print("");
    print(
      formatTable([
        ["mean IoU", formatShare(miou)],
        ["pixel accuracy", formatShare(pixelAccuracy)],
        ["mean accuracy", formatShare(meanAccuracy)],
        ["images", String(images)],
      ]),
    );
    return {
      json: {
        dataset: description.name,
        split: part,
        images,
        miou,
        iou,
        pixelAccuracy,
        meanAccuracy,
        accuracy: byClassName(names, metrics.accuracy),
        frequencyWeightedIou,
      },
    };
  },
};

/** A line for each class. */
export function iouTable(iou: Readonly<Record<string, number | null>>): string {
  const rows = Object.entries(iou).map(([name, value]) => [name, formatShare(value)]);
  return formatTable([["class", "IoU"], ...rows]);
}

/** Weights without a description give classes plain names, which are taken for those of the data set. */
function requireClasses(loaded: Model, { name, labels }: Dataset): void {
  const isPlain = loaded.classes.every((className, label) => className === `class ${label}`);
  const sameCount = loaded.classes.length === labels.classes.length;
  const sameNames = loaded.classes.every((className, label) => className === labels.classes[label]);
  if (sameCount && (sameNames || isPlain)) return;
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "evaluate",
    argument: "model",
    rule: `must have the ${labels.classes.length} classes of ${name} (${labels.classes.join(", ")})`,
    value: `${loaded.classes.length}: ${loaded.classes.join(", ")}`,
  });
}
