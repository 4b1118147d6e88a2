import { checkInteger, invalidArgument } from "../check.ts";
import { createRandom, deriveSeed, shuffled } from "../random.ts";

/** The order in which an epoch visits the samples 0..size-1; depends on seed and epoch alone. */
export function epochOrder(size: number, seed: number, epoch: number): number[] {
  return shuffled(size, createRandom(deriveSeed("order", seed, epoch)));
}

/**
 * Steps in an epoch, floor(size / batch). Samples that do not fill a last batch wait for the next epoch.
 *
 * @throws LightsegError INVALID_ARGUMENT when size or batch is not a positive integer, or size < batch
 */
export function stepsPerEpoch(size: number, batch: number): number {
  checkInteger(size, "stepsPerEpoch", "size");
  checkInteger(batch, "stepsPerEpoch", "batch");
  if (size < batch) {
    const rule = `must not exceed the number of samples, ${size}`;
    throw invalidArgument("stepsPerEpoch", "batch", rule, batch, "use a smaller batch or more samples");
  }
  return Math.floor(size / batch);
}

/** Which batch is asked for. */
export interface BatchRequest {
  /** The number of samples in the data set. */
  size: number;
  /** The number of samples in a batch. */
  batch: number;
  seed: number;
  /** The step since the start of training, from 0. */
  step: number;
}

/**
 * The samples that form a training step, and the epoch it belongs to, from 0.
 *
 * A pure function of its arguments: a run resumed at step n sees the same samples as an uninterrupted one.
 *
 * @returns `indices`: `batch` different numbers in 0..size-1
 * @throws LightsegError INVALID_ARGUMENT
 */
export function batchIndices({ size, batch, seed, step }: BatchRequest): {
  epoch: number;
  indices: number[];
} {
  checkInteger(step, "batchIndices", "step", 0);
  const steps = stepsPerEpoch(size, batch);
  const epoch = Math.floor(step / steps);
  const first = (step % steps) * batch;
  return { epoch, indices: epochOrder(size, seed, epoch).slice(first, first + batch) };
}
