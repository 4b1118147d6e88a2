import { z } from "zod";
import { LightsegError } from "../errors.ts";
import { describeModel, type ModelDescription } from "../model-files/description.ts";
import type { Weights } from "../models/weights.ts";
import { readWeights } from "../weights/node/read.ts";
import { writeSafetensors } from "../weights/node/write.ts";

/** The highest validation mIoU, 0..1, and after how many steps it was reached. */
export interface BestSoFar {
  readonly miou: number;
  readonly step: number;
}

/** Where a run stands: enough to go on as if it had never stopped. */
export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  readonly best?: BestSoFar;
  /** Parameters, statistics and what the optimiser remembers by the names of the training step's inputs. */
  readonly state: Weights;
}

const progressSchema = z.object({
  step: z.number().int().nonnegative(),
  best: z.object({ miou: z.number(), step: z.number().int() }).optional(),
});
const PROGRESS_KEY = "lightseg.training";

/** Writes a checkpoint, which is also a model file: those who only want the weights pass over the rest. */
export async function writeCheckpoint(
  path: string,
  { step, best, state }: Checkpoint,
  description: ModelDescription,
): Promise<void> {
  const metadata = { ...describeModel(description), [PROGRESS_KEY]: JSON.stringify({ step, best }) };
  await writeSafetensors(path, state, { metadata });
}

/** @throws LightsegError NOT_FOUND or INVALID_WEIGHTS if there is no checkpoint to go on from */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const { weights, metadata } = await readWeights(path);
  const text = metadata[PROGRESS_KEY];
  if (text === undefined) {
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "readCheckpoint",
      argument: path,
      rule: "must be the checkpoint of a training run",
    });
  }
  const { step, best } = progressSchema.parse(JSON.parse(text));
  return { step, state: weights, ...(best && { best }) };
}
