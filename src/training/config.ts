import { z } from "zod";
import { type ErrorCode, LightsegError } from "../errors.ts";
import { initializationSchemes } from "../models/initialize.ts";
import { MAX_THREADS } from "../runtime/session.ts";
import { optimizers } from "./optimizer.ts";

/** Batches of larger crops would not fit into memory. */
const side = z.number().int().positive().max(4096);
const share = z.number().min(0).max(1);
const positive = z.number().positive();
const count = z.number().int().positive();
const warmup = z.number().int().nonnegative().optional();
const schedule = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("poly"), power: positive, warmup }),
  z.object({
    kind: z.literal("stages"),
    boundaries: z.array(count),
    factors: z.array(z.number().nonnegative()),
    warmup,
  }),
]);

/** What a stage of the training may have of its own. */
const stageShape = {
  dataset: z.string(),
  /** Folder of the data set. */
  data: z.string(),
  /** Its part to train on. */
  split: z.string(),
  epochs: count,
  /** Photos in a step. */
  batch: count,
  /** Size of the crops, height and width in pixels. */
  crop: z.tuple([side, side]),
  /** The photo is resized by a random factor from this range before the crop... */
  scale: z.tuple([positive, positive]),
  /** ... but by no less than makes its shorter side this long, in pixels; 0: no such limit. */
  shorterSide: z.number().int().nonnegative(),
  mirror: z.boolean(),
  /** Range of random brightness, contrast and saturation, 0..1. */
  colorJitter: share,
  encoderLearningRate: positive,
  decoderLearningRate: positive,
  /** `sgd` with momentum, `adam` or `adamw`; each stage begins with a fresh one. */
  optimizer: z.enum(optimizers),
  /** SGD's momentum; Adam's beta 1. */
  momentum: share,
  /** Adam's beta 2. */
  beta2: share,
  weightDecay: z.number().nonnegative(),
  /** `convolutions`: their weights alone, neither biases nor batch norm's gamma and beta. */
  weightDecayOn: z.enum(["all", "convolutions"]),
  /** Largest norm of all gradients together; larger ones are scaled down. No limit by default. */
  clipNorm: positive.optional(),
  schedule,
  /** `frozen`: stored statistics stay as they are, as in the paper. `trained`: those of the batch. */
  batchNorm: z.enum(["frozen", "trained"]),
  /** Train the decoder alone. */
  freezeEncoder: z.boolean(),
  /** Dropout where the authors have it. */
  dropout: z.boolean(),
  /** `none`, or `log`: `1 / ln(1.02 + share)` of a class among the training pixels (Paszke et al. 2016), scaled to a mean of 1. */
  classWeights: z.enum(["none", "log"]),
  /** Photos of classes that a smaller share of the photos has stand several times in an epoch, see `repeatRareClasses`; 0: none do. */
  repeatRare: share,
  /** Share of the labelled pixels of a batch that count in the loss, the hardest ones; above 0, 1 for all. */
  hardPixels: positive.max(1),
  /** Weight of the soft Jaccard loss, which is the mean IoU made smooth, beside the cross-entropy; 0: none of it. */
  jaccard: z.number().nonnegative(),
};

const stageSchema = z.strictObject(stageShape);

/** Everything that decides the result of a training run; stored in its folder as `config.json`. */
export const trainingConfigSchema = z.strictObject({
  /** Name in the zoo. */
  network: z.string(),
  /** The recipe that the other settings come from; kept for the record. */
  recipe: z.string().optional(),
  /** Weights to begin with (PyTorch or safetensors); what they lack begins at random. */
  weights: z.string().optional(),
  /** Whether `weights` may lack parameters of the encoder, which then begins at random. */
  allowRandomEncoder: z.boolean().default(false),
  /** How parameters begin that `weights` do not hold; see `initialValue`. */
  initialization: z.enum(initializationSchemes).default("uniform"),
  ...stageShape,
  split: stageShape.split.default("train"),
  epochs: stageShape.epochs.default(100),
  batch: stageShape.batch.default(4),
  crop: stageShape.crop.default([256, 256]),
  scale: stageShape.scale.default([0.5, 2]),
  shorterSide: stageShape.shorterSide.default(0),
  mirror: stageShape.mirror.default(true),
  colorJitter: stageShape.colorJitter.default(0),
  encoderLearningRate: stageShape.encoderLearningRate.default(1e-3),
  decoderLearningRate: stageShape.decoderLearningRate.default(1e-2),
  optimizer: stageShape.optimizer.default("sgd"),
  momentum: stageShape.momentum.default(0.9),
  beta2: stageShape.beta2.default(0.999),
  weightDecay: stageShape.weightDecay.default(1e-5),
  weightDecayOn: stageShape.weightDecayOn.default("all"),
  schedule: stageShape.schedule.default({ kind: "poly", power: 0.9 }),
  batchNorm: stageShape.batchNorm.default("frozen"),
  freezeEncoder: stageShape.freezeEncoder.default(false),
  dropout: stageShape.dropout.default(true),
  classWeights: stageShape.classWeights.default("none"),
  repeatRare: stageShape.repeatRare.default(0),
  hardPixels: stageShape.hardPixels.default(1),
  jaccard: stageShape.jaccard.default(0),
  /** One stage after the other, each with what it has of its own; the rest is as above. Default: one stage. */
  stages: z.array(stageSchema.partial()).min(1).default([{}]),
  /** Part of the data set above (not of a stage's) that validations measure on. */
  validationSplit: z.string().default("val"),
  /** Validate and keep the moving average of the weights: `a = d a + (1 - d) p` each step, d at most this; 0: the weights as they are. */
  averaging: share.max(0.99999).default(0),
  seed: z.number().int().nonnegative().default(0),
  /** Epochs from one validation to the next. */
  validateEvery: count.default(5),
  /** Steps from one `last` checkpoint to the next. */
  saveEvery: count.default(200),
  /**
   * Networks that divide each batch among them and work side by side, which is faster than one with all threads. `auto`: as many as there
   * are threads where that divides the batch and the result is the same but for rounding: with frozen batch norm and plain cross-entropy.
   */
  replicas: z.union([z.literal("auto"), count.max(MAX_THREADS)]).default("auto"),
  /** Threads of the engine; another number may round sums differently. Defaults to the number of cores. */
  threads: count.max(MAX_THREADS).optional(),
});

export type TrainingConfig = z.output<typeof trainingConfigSchema>;
export type TrainingOptions = z.input<typeof trainingConfigSchema>;
/** The settings of one stage, complete. */
export type StageConfig = z.output<typeof stageSchema>;

/** The stages of a training, each with all its settings. */
export function resolveStages(config: TrainingConfig): StageConfig[] {
  const common = z.object(stageShape).parse(config);
  return config.stages.map((own) => ({ ...common, ...own }));
}

/** Other settings in place of those that are there, in every stage. */
export function overrideSettings<T extends Partial<TrainingOptions>>(
  settings: T,
  overrides: Partial<TrainingOptions>,
): T & Partial<TrainingOptions> {
  const names = new Set(Object.keys(overrides));
  const stages = settings.stages?.map((own) =>
    Object.fromEntries(Object.entries(own).filter(([name]) => !names.has(name))),
  );
  return { ...settings, ...(stages && { stages }), ...overrides };
}

/** Fills in the defaults. @throws LightsegError that names the option at fault */
export function parseTrainingConfig(
  options: unknown,
  { where = "train", code = "INVALID_ARGUMENT" }: { where?: string; code?: ErrorCode } = {},
): TrainingConfig {
  const result = trainingConfigSchema.safeParse(options);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new LightsegError({
    code,
    where,
    argument: issue?.path.join(".") || "options",
    rule: `is not valid: ${issue?.message ?? result.error.message}`,
  });
}
