/**
 * Every setting of a training, said once: type, bounds, default, flag and help text. Configuration types,
 * defaults, the checks of `config.json` and recipes, and the options of `lightseg train` follow from this
 * table. To add a setting, add an entry here and the lines that use it.
 */
import { initializationSchemes } from "../models/initialize.ts";
import { isNetwork, networks } from "../models/zoo.ts";
import { MAX_THREADS } from "../runtime/session.ts";
import {
  choiceType,
  integerType,
  listType,
  rangeType,
  realType,
  sizeType,
  switchType,
  textType,
  type ValueType,
} from "../value-types.ts";
import { classWeightings } from "./class-weights.ts";
import { DEFAULT_BETA2 } from "./optimizer.ts";
import { scheduleType } from "./schedule-type.ts";

/** How a gradient changes a parameter, see optimizer.ts. */
export const optimizers = ["sgd", "adam", "adamw"] as const;

/** In place of weights to begin with: none, all is random. */
export const RANDOM_WEIGHTS = "none";

/** Whether each stage may have a value of its own, or the run has one. */
export type Scope = "run" | "stage";

export interface Setting<T, S extends Scope = Scope, P extends Presence = Presence> {
  readonly type: ValueType<T>;
  readonly scope: S;
  readonly presence: P;
  /** Of a setting that may be left out and then has a value all the same. */
  readonly default?: T;
  /** The option's name on the command line, without its dashes. A switch there turns the default around. */
  readonly flag?: string;
  readonly help?: string;
  /** What the help says in place of `default VALUE`. */
  readonly defaultText?: string;
}
export type Presence = "required" | "optional" | "defaulted";
type Documentation = Pick<Setting<never>, "flag" | "help" | "defaultText">;

function required<T, S extends Scope>(scope: S, type: ValueType<T>, documentation: Documentation = {}) {
  return { scope, type, presence: "required", ...documentation } as const;
}

function optional<T, S extends Scope>(scope: S, type: ValueType<T>, documentation: Documentation = {}) {
  return { scope, type, presence: "optional", ...documentation } as const;
}

function setting<T, S extends Scope>(
  scope: S,
  type: ValueType<T>,
  documentation: Documentation & { default: NoInfer<T> },
) {
  return { scope, type, presence: "defaulted", ...documentation } as const;
}

const share = realType({ min: 0, max: 1 });
/** What is kept of a moving average in each step. */
const decay = realType({ min: 0, max: 0.99999 });
const positive = realType({ above: 0 });
const notNegative = realType({ min: 0 });
const count = integerType({ min: 1 });
/** Library and files may name networks that this version does not know, so that old runs can be read. */
const networkType: ValueType<string> = {
  ...textType("NETWORK"),
  rule: "a network that lightseg info lists, or DECODER+BACKBONE",
  choices: Object.keys(networks),
  read: (text) => (isNetwork(text) ? text : undefined),
};
const upToThreads = integerType({ min: 1, max: MAX_THREADS });
const replicasType: ValueType<"auto" | "halves" | number> = {
  ...upToThreads,
  rule: `auto, halves, or a whole number from 1 to ${MAX_THREADS}`,
  read: (text) => (text === "auto" || text === "halves" ? text : count.read(text)),
  check: (value) => (value === "auto" || value === "halves" ? undefined : upToThreads.check(value)),
};

/** In the order of the help. */
export const settings = {
  /** Name in the zoo. */
  network: required("run", networkType, {
    flag: "model",
    help: `Network to train: ${Object.keys(networks).join(", ")}; or DECODER+BACKBONE`,
  }),
  /** Name of the data set. */
  dataset: required("stage", textType("NAME")),
  /** Folder of the data set. */
  data: required("stage", textType("DIR")),
  /** Part of the data set to train on. */
  split: setting("stage", textType("NAME"), {
    default: "train",
    flag: "split",
    help: "Part of the data set to train on",
  }),
  /** Part of the run's data set (not of a stage's) that validations measure on. */
  validationSplit: setting("run", textType("NAME"), {
    default: "val",
    flag: "validation-split",
    help: "Part of the data set to validate on",
  }),
  /** The recipe that the other settings come from; kept for the record. */
  recipe: optional("run", textType("NAME")),
  /**
   * Weights to begin with: a shipped name (`imagenet`, `voc` ...), a file (PyTorch or safetensors) or `none`.
   * Parameters that they lack, and a head for other classes, begin at random. Defaults to `imagenet` where
   * the network has that encoder, else to `none`.
   */
  weights: optional("run", textType("NAME|FILE"), {
    flag: "weights",
    help: "Weights to begin with: imagenet, a shipped model, a PyTorch or safetensors file, or none; parameters that they lack begin at random",
    defaultText: "default: imagenet where the network has that encoder",
  }),
  /** Whether `weights` may lack parameters of the encoder, which then begins at random. */
  allowRandomEncoder: setting("run", switchType, {
    default: false,
    flag: "allow-random-encoder",
    help: "Go on when the weights lack parameters of the encoder",
  }),
  /** Passes through the data set. */
  epochs: setting("stage", count, { default: 100, flag: "epochs", help: "Passes through the data set" }),
  /** Photos in a step. */
  batch: setting("stage", count, { default: 4, flag: "batch", help: "Photos in a step" }),
  /** Size of the crops, height and width in pixels. Batches of larger ones would not fit into memory. */
  crop: setting("stage", sizeType(4096), {
    default: [256, 256],
    flag: "crop",
    help: "Height x width of the crops in pixels",
  }),
  /** Photos are resized by a factor drawn uniformly from this range before the crop. */
  scale: setting("stage", rangeType, {
    default: [0.5, 2],
    flag: "scale",
    help: "Photos are resized by a random factor from this range",
  }),
  /** The factor is at least what makes the shorter side this long, in pixels; 0: no such limit. */
  shorterSide: setting("stage", integerType({ min: 0 }, "PIXELS"), {
    default: 0,
    flag: "shorter-side",
    help: "Least length of a photo's shorter side after resizing",
  }),
  /** Mirror each photo left to right with probability 1/2. */
  mirror: setting("stage", switchType, {
    default: true,
    flag: "no-mirror",
    help: "Do not mirror photos at random",
  }),
  /** Range of random brightness, contrast and saturation, 0..1. */
  colorJitter: setting("stage", share, {
    default: 0,
    flag: "color-jitter",
    help: "Range of random brightness, contrast and saturation, 0..1",
  }),
  /** Range of random gamma, at least 0: exponents from 1 / (1 + gamma) to 1 + gamma; varies the light. */
  gamma: setting("stage", notNegative, {
    default: 0,
    flag: "gamma",
    help: "Range of random gamma, such as 0.5: exponents from 1/1.5 to 1.5",
  }),
  /** Learning rate of the encoder, which the schedule lowers; above 0. */
  encoderLearningRate: setting("stage", positive, {
    default: 1e-3,
    flag: "encoder-lr",
    help: "Learning rate of the encoder",
  }),
  /** Learning rate of the decoder, which the schedule lowers; above 0. */
  decoderLearningRate: setting("stage", positive, {
    default: 1e-2,
    flag: "decoder-lr",
    help: "Learning rate of the decoder",
  }),
  /** `sgd` with momentum, `adam` or `adamw`; each stage begins with a fresh one. */
  optimizer: setting("stage", choiceType(optimizers), {
    default: "sgd",
    flag: "optimizer",
    help: optimizers.join(", "),
  }),
  /** SGD's momentum, Adam's beta 1; 0 to 0.99999. */
  momentum: setting("stage", decay, {
    default: 0.9,
    flag: "momentum",
    help: "SGD's momentum, Adam's beta 1",
  }),
  /** Adam's beta 2, 0 to 0.99999. */
  beta2: setting("stage", decay, { default: DEFAULT_BETA2, flag: "beta2", help: "Adam's beta 2" }),
  /** Gradients whose norm, taken over all parameters, is larger are scaled down to it. */
  clipNorm: optional("stage", positive, {
    flag: "clip-norm",
    help: "Scale gradients down to this norm, over all parameters",
    defaultText: "default: no limit",
  }),
  /** Validate and keep the exponential moving average: `a = d a + (1 - d) p` each step, d at most this. */
  averaging: setting("run", decay, {
    default: 0,
    flag: "averaging",
    help: "EMA: validate and keep exponential moving averages of the weights, such as 0.999",
    defaultText: "default 0: the weights as they are",
  }),
  /** Weight decay, the factor of L2, at least 0; see `weightDecayOn`. */
  weightDecay: setting("stage", notNegative, {
    default: 1e-5,
    flag: "weight-decay",
    help: "Weight decay, the factor of L2",
  }),
  /** `convolutions`: their weights alone, neither biases nor batch norm's gamma and beta. */
  weightDecayOn: setting("stage", choiceType(["all", "convolutions"], "WHAT"), {
    default: "all",
    flag: "weight-decay-on",
    help: "What decays: all parameters, or convolutions, their weights alone",
  }),
  /** How parameters begin that `weights` do not hold: as in PyTorch, or as by He et al. 2015 (`kaiming`). */
  initialization: setting("run", choiceType(initializationSchemes, "SCHEME"), {
    default: "uniform",
    flag: "initialization",
    help: "How weights begin that no file holds: uniform or kaiming",
    defaultText: "default uniform, as in PyTorch",
  }),
  /** How the learning rates change over the steps of a stage. */
  schedule: setting("stage", scheduleType, {
    default: { kind: "poly", power: 0.9 },
    flag: "schedule",
    help: "How the learning rates change: poly:POWER, or stages:EPOCHS:FACTORS",
  }),
  /**
   * `frozen`: stored statistics stay as they are, as in the paper. `trained`: those of the batch normalize
   * and move the stored ones, but for frozen layers.
   */
  batchNorm: setting("stage", choiceType(["frozen", "trained"], "MODE"), {
    default: "frozen",
    flag: "batch-norm",
    help: "frozen: stored statistics stay; trained: those of the batch",
  }),
  /** Train the decoder alone. */
  freezeEncoder: setting("stage", switchType, {
    default: false,
    flag: "freeze-encoder",
    help: "Train the decoder alone",
  }),
  /** Layers that stay as they are, by the beginning of their parameters' names, such as `layer1`. */
  freezeLayers: setting("stage", listType("NAME,NAME"), {
    default: [],
    flag: "freeze-layers",
    help: "Layers that stay as they are, such as layer1,layer2,layer3, which shortens a step by a quarter",
    defaultText: "default: none",
  }),
  /** Dropout where the authors have it. */
  dropout: setting("stage", switchType, {
    default: true,
    flag: "no-dropout",
    help: "Leave out the dropout that the authors have",
  }),
  /** Weights of the classes in the loss. `log`: rare ones weigh more; `balanced`: all count the same. */
  classWeights: setting("stage", choiceType(classWeightings, "MODE"), {
    default: "none",
    flag: "class-weights",
    help: "none; log: rare classes weigh more in the loss; balanced: every class counts the same",
  }),
  /** Repeats photos of classes that a smaller share of photos has; 0: none. */
  repeatRare: setting("stage", share, {
    default: 0,
    flag: "repeat-rare",
    help: "Repeat photos of classes that a smaller share of the photos has",
    defaultText: "default 0: none",
  }),
  /** Copy-paste: probability that an object of a rare class, out of another photo, is pasted over a photo. */
  copyPaste: setting("stage", share, {
    default: 0,
    flag: "copy-paste",
    help: "Probability that a photo gets an object of a rare class, cut out of another photo",
  }),
  /** OHEM: share of a batch's pixels, the hardest, that count in the loss; above 0, 1 for all. */
  hardPixels: setting("stage", realType({ above: 0, max: 1 }), {
    default: 1,
    flag: "hard-pixels",
    help: "OHEM: share of the pixels that count in the loss, the hardest ones",
  }),
  /** Weight of the soft Jaccard loss, a smooth mean IoU, beside the cross-entropy; 0: none of it. */
  jaccard: setting("stage", notNegative, {
    default: 0,
    flag: "jaccard",
    help: "Weight of the soft Jaccard loss, a smooth mean IoU, beside the cross-entropy",
  }),
  /** Seed of all that is random. */
  seed: setting("run", integerType({ min: 0 }), {
    default: 0,
    flag: "seed",
    help: "Seed of all that is random",
  }),
  /** Epochs from one validation to the next. */
  validateEvery: setting("run", integerType({ min: 1 }, "EPOCHS"), {
    default: 5,
    flag: "validate-every",
    help: "Epochs between two validations",
  }),
  /** The training ends where so many epochs have brought no better validation; 0: it goes through all. */
  patience: setting("run", integerType({ min: 0 }, "EPOCHS"), {
    default: 0,
    flag: "patience",
    help: "End early after this many epochs without a better validation",
    defaultText: "default 0: never",
  }),
  /** Steps from one `last` checkpoint to the next. */
  saveEvery: setting("run", integerType({ min: 1 }, "STEPS"), {
    default: 200,
    flag: "save-every",
    help: "Steps between two checkpoints",
  }),
  /**
   * Networks that divide each batch among them and work side by side, which is faster than one with all
   * threads. `auto`: one a thread, where that divides the batch and changes the result by rounding alone:
   * with frozen batch norm and plain cross-entropy. `halves`: two where the batch is even and batch norm
   * frozen, each with a Jaccard or OHEM loss of its own. On a graphics card `auto` and `halves` are 1.
   */
  replicas: setting("run", replicasType, {
    default: "auto",
    flag: "replicas",
    help: "Networks that divide each batch among them and work side by side: auto, halves or a number",
    defaultText: "default: one a thread, where the result is the same",
  }),
  /** Threads of the engine, 1 to 256. Another number may round sums differently. Default: all cores. */
  threads: optional("run", upToThreads, {
    flag: "threads",
    help: "Threads of the engine",
    defaultText: "default: number of cores",
  }),
};
