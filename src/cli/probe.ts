import { takeFirst } from "../datasets/dataset.ts";
import { byClassName } from "../evaluation/metrics.ts";
import { requireClasses } from "../evaluation/require-classes.ts";
import { formatTable } from "../format-table.ts";
import { DEFAULT_MODEL } from "../model-files/manifest.ts";
import { plural } from "../plural.ts";
import { openNodeSession } from "../runtime/node/session.ts";
import { type Probe, probeNetwork } from "../studies/probe.ts";
import type { Command } from "./arguments.ts";
import {
  classes,
  data,
  dataset,
  help,
  integer,
  json,
  real,
  text,
  threads,
  typedDataset,
  weights,
} from "./options.ts";
import { colors, formatShare } from "./output.ts";
import { at, limit, loadStudied } from "./study-options.ts";
import { summaries } from "./summaries.ts";
import { withInterrupt } from "./with-interrupt.ts";

const trainSplit = text("train-split", "NAME", "Split that the heads learn from (default train)");
const valSplit = text("val-split", "NAME", "Split that they are measured on (default val)");
const longSide = integer(
  "long-side",
  "N",
  { min: 32, max: 2048 },
  "Long side that photos are shrunk to, in pixels (default 320)",
);
const epochs = integer("epochs", "N", { min: 1 }, "Times that the heads see each photo (default 20)");
const batch = integer("batch", "N", { min: 1, max: 1024 }, "Photos a step (default 8)");
const rate = real("rate", "X", { above: 0 }, "Learning rate of AdamW, which falls to 0 (default 1e-3)");
const seed = integer(
  "seed",
  "N",
  { min: 0 },
  "Seed of the first weights and the order of photos (default 0)",
);

export const probe: Command = {
  name: "probe",
  summary: summaries.probe,
  operands: { name: "[MODEL]", min: 0, max: 1 },
  options: [
    ...[at, dataset, data, trainSplit, valSplit, limit, longSide, epochs, batch, rate, seed],
    ...[weights, classes, threads, json, help],
  ],
  notes: [
    `MODEL is a shipped model, a model file, the folder of a training run, or a network with --weights (default ${DEFAULT_MODEL}); it must have the classes of the data set. Its weights stay as they are.`,
    "On each map a 3x3 convolution learns to segment, and a linear layer on the mean of the map to tell which classes a photo holds. This is the ablation of the Light-Weight RefineNet paper (Table 4): before RCU, after RCU and after CRP are before:adapt_stage1_b, adapt_stage1_b and mflow_conv_g1_pool on ResNets with RCUs; before and after CRP fusion4 and crp4 on MobileNet-v2.",
    "Mean IoU is that of the segmentation head at the size that photos are shrunk to. Accuracy is the share of right decisions, is this class in this photo or not, over all classes but background and all photos of the validation split.",
    "The maps of all training photos are kept in memory: 1,000 photos of 320 pixels take 0.2 GB for each map of 512 channels at 1/32. Ctrl-C stops after the run of the network under way; exit code 130.",
  ],
  examples: [
    "lightseg probe refinenet-lw-rcu-101 --weights voc.pth --at before:adapt_stage1_b --at adapt_stage1_b --at mflow_conv_g1_pool --dataset voc --data VOC2012",
    "lightseg probe voc --at fusion4 --at crp4 --dataset voc --data VOC2012 --limit 500",
  ],

  async run(args, print) {
    const names = args.requireAll(at);
    const description = typedDataset(args);
    const folder = args.require(data);
    const typed = {
      longSide: args.get(longSide),
      epochs: args.get(epochs),
      batch: args.get(batch),
      rate: args.get(rate),
      seed: args.get(seed),
    };
    const train = takeFirst(await description.open(folder, args.get(trainSplit) ?? "train"), args.get(limit));
    const val = takeFirst(await description.open(folder, args.get(valSplit) ?? "val"), args.get(limit));
    const model = await loadStudied(args);
    const { classes: labels } = val.labels;
    requireClasses(model, val, { where: "probe" });
    const engine = { open: openNodeSession, threads: args.get(threads) };
    const note = "stopping after the run of the network under way; once more to stop at once";
    return withInterrupt({ note }, async ({ progress, signal }) => {
      const probes = await probeNetwork(
        { ...model, classes: labels },
        {
          ...typed,
          at: names,
          train,
          val,
          signal,
          onProgress: ({ task, done, total }) => progress.update(task, done, total),
        },
        engine,
      );
      progress.end();
      const called = args.operands[0] ?? DEFAULT_MODEL;
      print(
        colors.bold(`${called}: heads trained on ${plural(train.size, "photo")}, measured on ${val.size}`),
      );
      print(formatTable([["map", "shape", "mIoU", "accuracy"], ...probes.map(describe)], "  "));
      return {
        json: {
          model: called,
          dataset: description.name,
          train: train.size,
          val: val.size,
          maps: probes.map(({ iou, ...rest }) => ({ ...rest, iou: byClassName(labels, iou) })),
        },
      };
    });
  },
};

function describe({ at, map, miou, accuracy }: Probe): string[] {
  return [at, map.join("x"), formatShare(miou), formatShare(accuracy)];
}
