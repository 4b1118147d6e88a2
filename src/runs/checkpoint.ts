import { z } from "zod";
import { LightsegError } from "../errors.ts";
import { describeModel, readDescription } from "../model-files/description.ts";
import type { ModelDescription } from "../model-files/model.ts";
import type { Checkpoint } from "../training/loop.ts";
import { readWeights } from "../weights/node/read.ts";
import { writeSafetensors } from "../weights/node/write.ts";
import { parseAs } from "./read-json.ts";

const splitSchema = z.object({
  /** Data set and split. */
  name: z.string(),
  photos: z.number().int(),
  /** A hash of the ids in their order. */
  ids: z.number().int(),
});
/** What tells the photos of a split from others. */
export type SplitIdentity = Readonly<z.output<typeof splitSchema>>;

const progressSchema = z.object({
  step: z.number().int().nonnegative(),
  best: z.object({ miou: z.number(), step: z.number().int() }).optional(),
  validationDue: z.boolean().optional(),
  ended: z.boolean().optional(),
  /** Absent in checkpoints of early versions. */
  splits: z.array(splitSchema).readonly().optional(),
});
const PROGRESS_KEY = "lightseg.training";

/** What a run trains on; a resumed run must have the same. */
export interface RunData {
  /** The model's classes among it. */
  readonly description: ModelDescription;
  /** Those of the stages, then the one of validations. */
  readonly splits: readonly SplitIdentity[];
}

/** Writes a checkpoint, which is also a model file: those who only want the weights pass over the rest. */
export async function writeCheckpoint(
  path: string,
  { state, ...progress }: Checkpoint,
  { description, splits }: RunData,
): Promise<void> {
  const metadata = {
    ...describeModel(description),
    [PROGRESS_KEY]: JSON.stringify({ ...progress, splits } satisfies z.input<typeof progressSchema>),
  };
  await writeSafetensors(path, state, { metadata });
}

/**
 * Reads a checkpoint, and of what it was trained on as much as it says.
 *
 * @throws LightsegError NOT_FOUND, INVALID_WEIGHTS or INVALID_RUN if there is no checkpoint to go on from
 */
export async function readCheckpoint(path: string): Promise<Checkpoint & { data: Partial<RunData> }> {
  const { weights, metadata } = await readWeights(path);
  const text = metadata[PROGRESS_KEY];
  if (text === undefined) {
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "readCheckpoint",
      file: path,
      argument: "metadata",
      rule: "must be those of a training run's checkpoint",
    });
  }
  const { splits, ...progress } = parseAs(progressSchema, text, { file: path, argument: PROGRESS_KEY });
  const description = readDescription(metadata, path);
  return { ...progress, state: weights, data: { description, splits } };
}
