import { availableParallelism, cpus } from "node:os";
import { benchmark as measure, type Times } from "../analysis/benchmark.ts";
import { countCost } from "../analysis/cost.ts";
import { comparePaper, type PaperRow, publishedRuntime } from "../analysis/paper.ts";
import { formatTable } from "../format-table.ts";
import { loadOnDevice, type ModelOnDevice } from "../inference/node/load-on-device.ts";
import { type DtypeRequest, FLOAT_ONLY, resolveDtype } from "../model-files/dtype.ts";
import { describePlainly } from "../model-files/model.ts";
import type { LoadedModel } from "../model-files/node/load.ts";
import { initialWeights } from "../models/initialize.ts";
import { buildNetwork } from "../models/network.ts";
import { isNetwork, networks } from "../models/zoo.ts";
import { createPredictor } from "../node-engine.ts";
import { plural } from "../plural.ts";
import { describeEngine } from "../runtime/node/engine-package.ts";
import { findDevice } from "../runtime/node/find-device.ts";
import type { Arguments, Command } from "./arguments.ts";
import {
  backbone,
  DEFAULT_CLASSES,
  decoder,
  deviceOption,
  dtypeOption,
  flag,
  help,
  integer,
  json,
  pairedNetwork,
  size,
  threads,
  untrainedClasses,
} from "./options.ts";
import { log } from "./output.ts";
import { Progress } from "./progress.ts";
import { summaries } from "./summaries.ts";
import { type Settings, type Timed, timeApart } from "./time-apart.ts";

const DEFAULT_WARMUP = 10;
const ZOO_SIZE: [number, number] = [512, 512];

const inputSize = size(
  "size",
  `Height x width of the input in pixels (default ${publishedRuntime.size.join("x")}, as in the paper)`,
);
const dtype = dtypeOption("fp32");
const device = deviceOption("auto");
const runs = integer("runs", "N", { min: 1, max: 1e6 }, `Runs that count (default ${publishedRuntime.runs})`);
const warmup = integer("warmup", "N", { min: 0, max: 1e6 }, `Runs before them (default ${DEFAULT_WARMUP})`);
const paper = flag("paper", "Time the networks of the paper's Table 2 and show its runtimes beside");
const zoo = flag(
  "zoo",
  `Time every network that has a name, at ${ZOO_SIZE.join("x")} unless --size says else`,
);

export const benchmark: Command = {
  name: "benchmark",
  summary: summaries.benchmark,
  operands: { name: "[MODEL...]", min: 0, max: Number.POSITIVE_INFINITY },
  options: [
    ...[backbone, decoder, inputSize, dtype, device, runs, warmup, untrainedClasses],
    ...[paper, zoo, threads, json, help],
  ],
  notes: [
    "MODEL is a network, DECODER+BACKBONE, a shipped model, a model file, or the folder of a training run. Each is timed in a process of its own. Milliseconds: forward is the network, from the photo's bytes to logits (mean ± standard deviation, median, 95th percentile, least), post the best class of each pixel from those (median), which takes longer where a photo has many borders.",
    "Parameters are in millions, multiply-accumulates (MACs) in billions; maps is the peak of feature maps in MB, as lightseg info counts it.",
    "Networks get random weights. The time does not depend on them, unless values become so small that the processor handles them apart.",
    "Close other programs first: times differ from machine to machine and from minute to minute, and only those of one run can be compared.",
  ],
  examples: [
    "lightseg benchmark refinenet-lw-50 refinenet-lw-mobilenet-v2 --size 512x512",
    "lightseg benchmark --paper --runs 20 --json",
    "lightseg benchmark --zoo --runs 10 --warmup 2",
  ],

  async run(args, print) {
    const rows = args.has(paper) ? comparePaper().filter(({ table }) => table === 2) : [];
    const models = modelsOf(args, rows);
    const settings = {
      device: args.get(device) ?? "auto",
      size: args.get(inputSize) ?? (args.has(zoo) ? ZOO_SIZE : publishedRuntime.size),
      runs: args.get(runs) ?? publishedRuntime.runs,
      warmup: args.get(warmup) ?? DEFAULT_WARMUP,
      threads: args.get(threads) ?? availableParallelism(),
      classes: args.get(untrainedClasses),
      dtype: args.get(dtype),
    };
    // A wrong name must not be found after an hour.
    for (const model of models) {
      if (!isNetwork(model)) await openModel(model, settings);
      else resolveDtype(settings.dtype ?? "exact", FLOAT_ONLY, model);
    }
    const machine = {
      cpu: cpus()[0]?.model ?? "unknown",
      node: process.version,
      engine: describeEngine(),
    };
    const { note } = await findDevice(settings.device);
    if (note !== undefined) log(note);
    const [only] = models;
    const timed: Timed[] = [];
    if (models.length === 1 && only !== undefined) timed.push(await timeHere(only, settings));
    else for (const model of models) timed.push(await timeApart(model, settings));

    const published = (network: string) => rows.find((row) => row.network === network)?.runtime;
    print(formatTable(format(timed, settings, published, args.has(paper)), ""));
    const [height, width] = settings.size;
    const counts = [...new Set(timed.map(({ classes }) => plural(classes, "class", "classes")))].join(" or ");
    const computed = [...new Set(timed.map((model) => `${model.dtype} on ${model.device}`))].join(" or ");
    print(
      `${height}x${width}, batch 1, ${counts}, ${computed}, ${plural(settings.runs, "run")} after ${settings.warmup}; threads: ${settings.threads} of ${machine.cpu}, ${machine.engine}, Node ${machine.node}`,
    );
    if (args.has(paper))
      print(
        `published: ${publishedRuntime.device}, ${publishedRuntime.size.join("x")}, ${publishedRuntime.runs} runs`,
      );
    return {
      json: {
        device: { ...machine, threads: settings.threads },
        size: { height, width },
        batch: 1,
        runs: settings.runs,
        warmup: settings.warmup,
        models: timed.map((model) => ({
          ...model,
          ...costJson(model, settings),
          ...publishedJson(published(model.network)),
        })),
      },
    };
  },
};

function modelsOf(args: Arguments, rows: readonly PaperRow[]): string[] {
  const pair = pairedNetwork(args);
  const models = [...args.operands, ...(pair === undefined ? [] : [pair])];
  const table = [paper, zoo].filter((option) => args.has(option)).map(({ name }) => `--${name}`);
  if (table.length > 1) throw args.usageError(table.join(" and "), "do not go together");
  if (table[0] !== undefined && models.length > 0) throw args.usageError(table[0], "takes no model");
  if (args.has(paper)) return rows.map(({ network }) => network);
  if (args.has(zoo)) return Object.keys(networks);
  if (models.length === 0) throw args.usageError("MODEL", "is required");
  return models;
}

/** Times a model in this process. */
async function timeHere(name: string, settings: Settings): Promise<Timed> {
  const { model, dtype, open, device } = await openModel(name, settings);
  const predictor = createPredictor(model, { open, threads: settings.threads, dtype });
  const progress = new Progress();
  try {
    const { size, runs, warmup } = settings;
    const result = await measure(predictor, {
      ...{ size, runs, warmup },
      onProgress: (done, total) => progress.update(name, done, total),
    });
    return { model: name, network: model.network, classes: model.classes.length, dtype, device, ...result };
  } finally {
    progress.end();
    await predictor.dispose();
  }
}

async function openModel(model: string, { classes, device, ...settings }: Settings): Promise<ModelOnDevice> {
  const dtype: DtypeRequest = settings.dtype ?? "exact";
  if (!isNetwork(model)) return loadOnDevice({ model, dtype, classes, device });
  return { ...makeUntrained(model, classes, dtype), ...(await findDevice(device)) };
}

function makeUntrained(network: string, classes = DEFAULT_CLASSES, dtype: DtypeRequest): LoadedModel {
  const { parameters } = buildNetwork({ network, classes });
  const weights = initialWeights(parameters, { seed: 0 });
  return {
    model: { ...describePlainly(network, classes), weights },
    dtype: resolveDtype(dtype, FLOAT_ONLY, network),
  };
}

function format(
  timed: readonly Timed[],
  settings: Settings,
  published: (network: string) => PaperRow["runtime"],
  withPaper: boolean,
): string[][] {
  const spread = ({ mean, deviation }: Times) => `${mean.toFixed(2)} ± ${deviation.toFixed(2)}`;
  const header = [
    "ms",
    "params M",
    "MACs G",
    "maps MB",
    "forward",
    "median",
    "p95",
    "min",
    "post",
    ...(withPaper ? ["published"] : []),
  ];
  const lines = timed.map((entry) => {
    const { model, network, forward, postprocess } = entry;
    const [mean, deviation] = published(network) ?? [];
    const { parameters, macs, peakActivationBytes } = costOf(entry, settings);
    return [
      model,
      (parameters.total / 1e6).toFixed(2),
      (macs.total / 1e9).toFixed(2),
      (peakActivationBytes / 1e6).toFixed(1),
      spread(forward),
      forward.median.toFixed(2),
      forward.p95.toFixed(2),
      forward.min.toFixed(2),
      postprocess.median.toFixed(2),
      ...(mean === undefined || deviation === undefined
        ? []
        : [`${mean.toFixed(2)} ± ${deviation.toFixed(2)}`]),
    ];
  });
  return [header, ...lines];
}

function costOf({ network, classes }: Timed, { size }: Settings) {
  return countCost({ network, classes, size });
}

function costJson(timed: Timed, settings: Settings) {
  const { parameters, macs, peakActivationBytes } = costOf(timed, settings);
  return { parameters: parameters.total, macs: macs.total, peakActivationBytes };
}

function publishedJson(runtime: PaperRow["runtime"]) {
  return runtime ? { published: { mean: runtime[0], deviation: runtime[1] } } : {};
}
