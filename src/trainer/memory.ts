import { peakActivationBytes } from "../analysis/memory.ts";
import { LightsegError } from "../errors.ts";
import { countValues, fixedShape } from "../graph/shape.ts";
import type { StageConfig } from "../training/config.ts";
import type { TrainingGraph } from "../training/training-session.ts";

/**
 * Memory of a training process, in bytes: `2.5 maps + 6 parameters + 150 MB`, where maps is the peak of a
 * step's values.
 *
 * Fitted to the growth of the process over two steps of seven trainings (0.34 to 2.5 GB; MobileNet-v2,
 * NDNet45, ResNet-50; crops of 128 to 384), within 9 %. The engine allocates more than it uses, and state is
 * held twice.
 */
export interface StepMemory {
  /** Grows with batch and crop. */
  readonly varying: number;
  /** Does not. */
  readonly fixed: number;
}

const MAPS_FACTOR = 2.5;
const STATE_FACTOR = 6;
const BASE = 150e6;

export function estimateStepMemory({ network, step }: TrainingGraph): StepMemory {
  const values = [...network.parameters.values()].map(({ shape }) =>
    countValues(fixedShape("estimateStepMemory", shape)),
  );
  const replicas = step.kind === "replicated" ? step.replicas : 1;
  const outputs = step.kind === "replicated" ? Object.values(step.part) : [...step.gradients.values()];
  const parameters = 4 * values.reduce((sum, count) => sum + count, 0);
  return {
    varying: replicas * MAPS_FACTOR * peakActivationBytes(outputs),
    fixed: replicas * (STATE_FACTOR * parameters + BASE),
  };
}

/** Crops are offered in these steps, the deepest stride of most networks. */
const SIDE_STEP = 32;

/** Crops and batches that take no more than `available` bytes, each with the other as it is. */
export function fittingSettings(
  { varying, fixed }: StepMemory,
  { crop, batch }: Pick<StageConfig, "crop" | "batch">,
  available: number,
): string[] {
  const shrink = Math.sqrt(Math.max(0, available - fixed) / varying);
  const sides = crop.map((side) => Math.floor((side * shrink) / SIDE_STEP) * SIDE_STEP);
  const photos = Math.floor((batch * Math.max(0, available - fixed)) / varying);
  return [
    ...(sides.every((side) => side > 0) ? [`crops of ${sides.join("x")}`] : []),
    ...(photos > 0 ? [`a batch of ${photos}`] : []),
  ];
}

/**
 * Refuses a training that would run out of memory after its first steps, and says which crop would fit.
 *
 * @param available bytes that the machine has left
 * @throws LightsegError INVALID_ARGUMENT
 */
export function requireMemory(
  { varying, fixed }: StepMemory,
  { crop, batch }: StageConfig,
  available: number,
): void {
  if (varying + fixed <= available) return;
  const fitting = fittingSettings({ varying, fixed }, { crop, batch }, available);
  throw new LightsegError({
    code: "INVALID_ARGUMENT",
    where: "train",
    argument: "crop",
    rule: `must fit into memory: a step needs about ${gigabytes(varying + fixed)}, and ${gigabytes(available)} are left`,
    value: `${crop.join("x")}, batch ${batch}`,
    hint: fitting.length > 0 ? `${fitting.join(", or ")} would fit` : "take a smaller network",
  });
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(bytes < 10e9 ? 2 : 0)} GB`;
}
