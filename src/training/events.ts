import { z } from "zod";

const share = z.number().min(0).max(1);
const step = z.number().int().nonnegative();

const stepSchema = z.object({
  kind: z.literal("step"),
  /** Steps done, this one among them. */
  step,
  /** Epochs begun. */
  epoch: z.number(),
  /** Of this step, before its update. */
  loss: z.number(),
  /** Of the encoder and of the decoder. */
  learningRate: z.tuple([z.number(), z.number()]).readonly(),
  /** Milliseconds that it took. */
  ms: z.number(),
});

const validationSchema = z.object({
  kind: z.literal("validation"),
  /** Steps done before it. */
  step,
  miou: share,
  pixelAccuracy: share,
  /** By class name; null for a class that is nowhere. */
  iou: z.record(z.string(), share.nullable()),
});

/** The form of a line of a run's log. The training core takes its types alone. */
export const logRecordSchema = z.discriminatedUnion("kind", [stepSchema, validationSchema]);

/** The log's line of a training step. */
export type StepRecord = Readonly<z.output<typeof stepSchema>>;
/** The log's line of a validation. */
export type ValidationRecord = Readonly<z.output<typeof validationSchema>>;
/** A line of a run's log. */
export type LogRecord = StepRecord | ValidationRecord;

/** What happens during training, for progress bars and logs. */
export type TrainingEvent =
  | (LogRecord & { readonly totalSteps: number })
  | { readonly kind: "note"; readonly text: string }
  /** Something that looks wrong and may be meant, such as a class without pixels. */
  | { readonly kind: "warning"; readonly text: string }
  | {
      readonly kind: "progress";
      readonly task: "checking photos" | "counting labels" | "validating";
      readonly done: number;
      readonly total: number;
    };
