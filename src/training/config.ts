import { z } from "zod";
import { type ErrorCode, LightsegError } from "../errors.ts";
import { initializationSchemes } from "../models/initialize.ts";
import { MAX_THREADS } from "../runtime/session.ts";

/** Batches of larger crops would not fit into memory. */
const side = z.number().int().positive().max(4096);
const rate = z.number().positive();
const schedule = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("poly"),
    power: z.number().positive(),
    warmup: z.number().int().nonnegative().optional(),
  }),
  z.object({
    kind: z.literal("stages"),
    boundaries: z.array(z.number().int().positive()),
    factors: z.array(z.number().nonnegative()),
    warmup: z.number().int().nonnegative().optional(),
  }),
]);

/** Everything that decides the result of a training run; stored in its folder as `config.json`. */
export const trainingConfigSchema = z.object({
  /** Name in the zoo. */
  network: z.string(),
  dataset: z.string(),
  /** Folder of the data set. */
  data: z.string(),
  /** Weights to begin with (PyTorch or safetensors); what they lack begins at random. */
  weights: z.string().optional(),
  /** Whether `weights` may lack parameters of the encoder, which then begins at random. */
  allowRandomEncoder: z.boolean().default(false),
  epochs: z.number().int().positive().default(100),
  /** Photos in a step. */
  batch: z.number().int().positive().default(4),
  /** Size of the crops, height and width in pixels. */
  crop: z.tuple([side, side]).default([256, 256]),
  /** The photo is resized by a random factor from this range before the crop. */
  scale: z.tuple([z.number().positive(), z.number().positive()]).default([0.5, 2]),
  mirror: z.boolean().default(true),
  /** Range of random brightness, contrast and saturation, 0..1. */
  colorJitter: z.number().min(0).max(1).default(0),
  encoderLearningRate: rate.default(1e-3),
  decoderLearningRate: rate.default(1e-2),
  momentum: z.number().min(0).max(1).default(0.9),
  weightDecay: z.number().nonnegative().default(1e-5),
  /** `convolutions`: their weights alone, neither biases nor batch norm's gamma and beta. */
  weightDecayOn: z.enum(["all", "convolutions"]).default("all"),
  schedule: schedule.default({ kind: "poly", power: 0.9 }),
  /** `frozen`: stored statistics stay as they are, as in the paper. `trained`: those of the batch. */
  batchNorm: z.enum(["frozen", "trained"]).default("frozen"),
  /** How parameters begin that `weights` do not hold; see `initialValue`. */
  initialization: z.enum(initializationSchemes).default("uniform"),
  /** Dropout where the authors have it. */
  dropout: z.boolean().default(true),
  /** `none`, or `log`: `1 / ln(1.02 + share)` of a class among the training pixels (Paszke et al. 2016), scaled to a mean of 1. */
  classWeights: z.enum(["none", "log"]).default("none"),
  seed: z.number().int().nonnegative().default(0),
  /** Epochs from one validation to the next. */
  validateEvery: z.number().int().positive().default(5),
  /** Steps from one `last` checkpoint to the next. */
  saveEvery: z.number().int().positive().default(200),
  /** Threads of the engine; another number may round sums differently. Defaults to the number of cores. */
  threads: z.number().int().positive().max(MAX_THREADS).optional(),
});

export type TrainingConfig = z.output<typeof trainingConfigSchema>;
export type TrainingOptions = z.input<typeof trainingConfigSchema>;

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
