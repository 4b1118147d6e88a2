import { resolve } from "node:path";
import { initializationSchemes } from "../models/initialize.ts";
import { isNetwork, networks } from "../models/zoo.ts";
import { overrideSettings, parseTrainingConfig, type TrainingOptions } from "../training/config.ts";
import { optimizers } from "../training/optimizer.ts";
import { applyRecipe, recipes } from "../training/recipes/index.ts";
import { readConfig } from "../training/run-folder.ts";
import type { Schedule } from "../training/schedule.ts";
import type { Arguments, Option } from "./arguments.ts";
import {
  backbone,
  choice,
  data,
  dataset,
  decoder,
  flag,
  integer,
  pairedNetwork,
  parseReal,
  real,
  size,
  text,
  threads,
} from "./options.ts";

const defaults = parseTrainingConfig({ network: "", dataset: "", data: "" });

const network: Option<string> = {
  name: "model",
  value: "NETWORK",
  help: `Network to train: ${Object.keys(networks).join(", ")}; or DECODER+BACKBONE`,
  rule: "a network that lightseg info lists, or DECODER+BACKBONE",
  parse: (typed) => (isNetwork(typed) ? typed : undefined),
};
const weights = text(
  "weights",
  "FILE",
  "Weights to begin with, such as ImageNet's (PyTorch or safetensors); what they lack is random",
);
const allowRandomEncoder = flag(
  "allow-random-encoder",
  "Go on when the weights lack parameters of the encoder",
);
const epochs = integer("epochs", "N", { min: 1 }, `Times through the data set (default ${defaults.epochs})`);
const batch = integer("batch", "N", { min: 1 }, `Photos in a step (default ${defaults.batch})`);
const crop = size("crop", `Height x width of the crops in pixels (default ${defaults.crop.join("x")})`);
const scale: Option<[number, number]> = {
  name: "scale",
  value: "MIN,MAX",
  help: `Photos are resized by a random factor from this range (default ${defaults.scale.join(",")})`,
  rule: "two factors greater than 0, the smaller first, such as 0.5,2",
  parse(typed) {
    const [min, max, ...more] = typed.split(",").map(parseReal);
    return min && max && min <= max && more.length === 0 ? [min, max] : undefined;
  },
};
const noMirror = flag("no-mirror", "Do not mirror photos at random");
const colorJitter = real(
  "color-jitter",
  "X",
  { min: 0, max: 1 },
  `Range of random brightness, contrast and saturation, 0..1 (default ${defaults.colorJitter})`,
);
const encoderRate = real(
  "encoder-lr",
  "X",
  { min: "positive" },
  `Learning rate of the encoder (default ${defaults.encoderLearningRate})`,
);
const decoderRate = real(
  "decoder-lr",
  "X",
  { min: "positive" },
  `Learning rate of the decoder (default ${defaults.decoderLearningRate})`,
);
const optimizer = choice(
  "optimizer",
  "NAME",
  optimizers,
  `${optimizers.join(", ")} (default ${defaults.optimizer})`,
);
const momentum = real(
  "momentum",
  "X",
  { min: 0, max: 1 },
  `SGD's momentum, Adam's beta 1, 0..1 (default ${defaults.momentum})`,
);
const beta2 = real("beta2", "X", { min: 0, max: 1 }, `Adam's beta 2, 0..1 (default ${defaults.beta2})`);
const clipNorm = real(
  "clip-norm",
  "X",
  { min: "positive" },
  "Scale gradients down to this norm, taken over all (default: no limit)",
);
const averaging = real(
  "averaging",
  "X",
  { min: 0, max: 0.99999 },
  "Validate and keep moving averages of the weights, such as 0.999 (default 0: the weights as they are)",
);
const freezeEncoder = flag("freeze-encoder", "Train the decoder alone");
const repeatRare = real(
  "repeat-rare",
  "X",
  { min: 0, max: 1 },
  `Repeat photos of classes that a smaller share of the photos has (default ${defaults.repeatRare}: none)`,
);
const hardPixels = real(
  "hard-pixels",
  "X",
  { min: "positive", max: 1 },
  `Share of the pixels that count in the loss, the hardest ones (default ${defaults.hardPixels})`,
);
const jaccard = real(
  "jaccard",
  "X",
  { min: 0 },
  `Weight of the soft Jaccard loss, a smooth mean IoU, beside the cross-entropy (default ${defaults.jaccard})`,
);
const split = text("split", "NAME", `Part of the data set to train on (default ${defaults.split})`);
const validationSplit = text(
  "validation-split",
  "NAME",
  `Part of the data set to validate on (default ${defaults.validationSplit})`,
);
const weightDecay = real(
  "weight-decay",
  "X",
  { min: 0 },
  `Weight decay, the factor of L2 (default ${defaults.weightDecay})`,
);
const schedule: Option<Schedule> = {
  name: "schedule",
  value: "SCHEDULE",
  help: "How the learning rates change: poly:POWER, or stages:EPOCHS:FACTORS (default poly:0.9)",
  rule: "poly, poly:POWER or stages:EPOCHS:FACTORS with one factor more than epochs, such as stages:100,200:1,0.5,0.25",
  parse: parseSchedule,
};
const warmup = integer(
  "warmup",
  "STEPS",
  { min: 0 },
  "Steps over which the learning rates first grow from near 0 (default 0)",
);
const batchNorm = choice(
  "batch-norm",
  "MODE",
  ["frozen", "trained"],
  `frozen: stored statistics stay; trained: those of the batch (default ${defaults.batchNorm})`,
);
const weightDecayOn = choice(
  "weight-decay-on",
  "WHAT",
  ["all", "convolutions"],
  `Parameters that decay (default ${defaults.weightDecayOn})`,
);
const initialization = choice(
  "initialization",
  "SCHEME",
  initializationSchemes,
  `How weights begin that no file holds (default ${defaults.initialization}, as in PyTorch)`,
);
const noDropout = flag("no-dropout", "Drop no values where the authors do");
const classWeights = choice(
  "class-weights",
  "MODE",
  ["none", "log"],
  `log: rare classes weigh more in the loss (default ${defaults.classWeights})`,
);
const seed = integer("seed", "N", { min: 0 }, `Seed of all that is random (default ${defaults.seed})`);
const validateEvery = integer(
  "validate-every",
  "EPOCHS",
  { min: 1 },
  `Epochs between two validations (default ${defaults.validateEvery})`,
);
const saveEvery = integer(
  "save-every",
  "STEPS",
  { min: 1 },
  `Steps between two checkpoints (default ${defaults.saveEvery})`,
);

const replicas: Option<number | "auto"> = {
  name: "replicas",
  value: "N",
  help: "Networks that divide each batch among them and work side by side (default: one a thread, where the result is the same)",
  rule: "auto, or a number from 1 on",
  parse: (typed) => (typed === "auto" ? typed : /^[1-9]\d{0,2}$/.test(typed) ? Number(typed) : undefined),
};

const shorterSide = integer(
  "shorter-side",
  "PIXELS",
  { min: 0 },
  `Photos are resized by no less than makes their shorter side this long (default ${defaults.shorterSide})`,
);
const recipe = choice(
  "recipe",
  "NAME",
  recipes.map(({ name }) => name),
  "Settings by name, listed below; other options override them",
);

const config = text(
  "config",
  "FILE",
  "Settings of another run, its config.json; other options override them",
);

/** A line on each recipe, for the help. */
export const recipeNote = `Recipes: ${recipes.map(({ name, summary, datasets }) => `${name} (${summary}; data: ${datasets.join(", ")})`).join("; ")}. One that trains on several data sets takes --data NAME=DIR,NAME=DIR. Other options hold in every stage: --epochs 1 trains each of voc's three stages for one epoch. nyudv2 and person-part lower their rates after epochs 100 and 200 whatever --epochs is; --schedule changes that.`;

/** The options that decide what a run computes, in the order of the help. */
export const settingOptions = [
  recipe,
  config,
  network,
  backbone,
  decoder,
  dataset,
  data,
  split,
  validationSplit,
  weights,
  allowRandomEncoder,
  epochs,
  batch,
  crop,
  scale,
  shorterSide,
  noMirror,
  colorJitter,
  encoderRate,
  decoderRate,
  optimizer,
  momentum,
  beta2,
  clipNorm,
  averaging,
  weightDecay,
  weightDecayOn,
  initialization,
  schedule,
  warmup,
  batchNorm,
  freezeEncoder,
  noDropout,
  classWeights,
  repeatRare,
  hardPixels,
  jaccard,
  seed,
  validateEvery,
  saveEvery,
  replicas,
  threads,
] as const;

/**
 * The settings that were typed, and no others: a resumed run has its own.
 *
 * @param scheduled what a warm-up goes with where no schedule was typed
 */
export function typedSettings(
  args: Arguments,
  scheduled: Schedule = defaults.schedule,
): Partial<TrainingOptions> {
  const dataFolder = args.get(data);
  const weightsFile = args.get(weights);
  const steps = args.get(warmup);
  const pair = pairedNetwork(args);
  if (pair !== undefined && args.has(network))
    throw args.usageError("--model", "cannot be given together with --backbone and --decoder");
  const typed = args.get(schedule) ?? (steps === undefined ? undefined : scheduled);
  return withoutUndefined<Partial<TrainingOptions>>({
    network: pair ?? args.get(network),
    dataset: args.get(dataset),
    // Kept with the run, which may be resumed from another folder.
    data: dataFolder && resolve(dataFolder),
    split: args.get(split),
    validationSplit: args.get(validationSplit),
    weights: weightsFile && resolve(weightsFile),
    allowRandomEncoder: args.has(allowRandomEncoder) ? true : undefined,
    epochs: args.get(epochs),
    batch: args.get(batch),
    crop: args.get(crop),
    scale: args.get(scale),
    shorterSide: args.get(shorterSide),
    mirror: args.has(noMirror) ? false : undefined,
    colorJitter: args.get(colorJitter),
    encoderLearningRate: args.get(encoderRate),
    decoderLearningRate: args.get(decoderRate),
    optimizer: args.get(optimizer),
    momentum: args.get(momentum),
    beta2: args.get(beta2),
    clipNorm: args.get(clipNorm),
    averaging: args.get(averaging),
    weightDecay: args.get(weightDecay),
    weightDecayOn: args.get(weightDecayOn),
    initialization: args.get(initialization),
    schedule: typed && { ...typed, ...(steps !== undefined && { warmup: steps }) },
    batchNorm: args.get(batchNorm),
    freezeEncoder: args.has(freezeEncoder) ? true : undefined,
    dropout: args.has(noDropout) ? false : undefined,
    classWeights: args.get(classWeights),
    repeatRare: args.get(repeatRare),
    hardPixels: args.get(hardPixels),
    jaccard: args.get(jaccard),
    seed: args.get(seed),
    validateEvery: args.get(validateEvery),
    saveEvery: args.get(saveEvery),
    replicas: args.get(replicas),
    threads: args.get(threads),
  });
}

/** The settings of a new run. @throws LightsegError INVALID_ARGUMENT if a required one was not typed */
export async function newSettings(args: Arguments): Promise<TrainingOptions> {
  const name = args.get(recipe);
  const file = args.get(config);
  if (name !== undefined && file !== undefined)
    throw args.usageError("--recipe and --config", "do not go together");
  if (name !== undefined) return recipeSettings(args, name);
  if (file !== undefined) {
    const stored = await readConfig(file);
    if (stored) return overrideSettings(stored, typedSettings(args, stored.schedule));
    throw args.usageError("--config", "must be a file that is there", file);
  }
  const typed = typedSettings(args);
  return {
    ...typed,
    network: typed.network ?? args.require(network),
    dataset: args.require(dataset),
    data: resolve(args.require(data)),
  };
}

function recipeSettings(args: Arguments, name: string): TrainingOptions {
  if (args.has(dataset))
    throw args.usageError("--dataset", "cannot be given together with --recipe, which has its own");
  const used = recipes.find((known) => known.name === name)?.datasets ?? [];
  const folders = parseFolders(args.require(data), used);
  const missing = used.find((known) => folders[known] === undefined);
  if (missing !== undefined)
    throw args.usageError("--data", `must be ${used.map((known) => `${known}=DIR`).join(",")}`);
  const settings = applyRecipe(name, { network: pairedNetwork(args) ?? args.require(network), folders });
  // The data was given to the recipe, each of whose stages may have its own.
  const { data: _folder, ...overrides } = typedSettings(args, settings.schedule);
  return overrideSettings(settings, overrides);
}

/** `DIR` for a single data set, or `NAME=DIR,NAME=DIR`. */
function parseFolders(typed: string, datasets: readonly string[]): Record<string, string> {
  const [only, ...more] = datasets;
  const pairs = typed.split(",").map((part) => part.split("="));
  const isList = pairs.every(([name = "", ...rest]) => rest.length > 0 && datasets.includes(name));
  if (isList) return Object.fromEntries(pairs.map(([name = "", ...rest]) => [name, resolve(rest.join("="))]));
  return only !== undefined && more.length === 0 ? { [only]: resolve(typed) } : {};
}

function parseSchedule(typed: string): Schedule | undefined {
  const [kind, first, second, ...more] = typed.split(":");
  if (more.length > 0) return undefined;
  if (kind === "poly" && second === undefined) {
    const power = first === undefined ? 0.9 : parseReal(first);
    return power ? { kind, power } : undefined;
  }
  if (kind !== "stages" || first === undefined || second === undefined) return undefined;
  const boundaries = numbers(first);
  const factors = numbers(second);
  const increasing = boundaries.every(
    (epoch, i) => Number.isInteger(epoch) && epoch > (boundaries[i - 1] ?? 0),
  );
  const valid = increasing && factors.length === boundaries.length + 1 && factors.every(Number.isFinite);
  return valid ? { kind, boundaries, factors } : undefined;
}

function withoutUndefined<T extends object>(record: T): T {
  const copy = { ...record };
  for (const key in copy) if (copy[key] === undefined) Reflect.deleteProperty(copy, key);
  return copy;
}

function numbers(list: string): number[] {
  return list.split(",").map((item) => parseReal(item) ?? Number.NaN);
}
