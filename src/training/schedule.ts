import { LightsegError } from "../errors.ts";

/** Stays constant within a stage: factor `factors[i]` up to the epoch `boundaries[i]`, the last one from there on. */
export interface StagesSchedule {
  kind: "stages";
  /** The epochs, counted from 0, at which the next stage begins; increasing. */
  boundaries: number[];
  /** One more than there are boundaries. */
  factors: number[];
  /** Steps over which the rate first grows linearly from near 0; default 0. */
  warmup?: number;
}

/** Falls from 1 to 0 over the whole training: (1 - step / totalSteps) ^ power. */
export interface PolySchedule {
  kind: "poly";
  /** Greater than 0; usually 0.9. */
  power: number;
  /** Steps over which the rate first grows linearly from near 0; default 0. */
  warmup?: number;
}

/** How the learning rate changes during training; plain data, so that it can be stored with the run. */
export type Schedule = StagesSchedule | PolySchedule;

/** The schedule of the paper: three stages of equal length, the rate halved from each to the next. */
export function threeStages(epochsPerStage: number): StagesSchedule {
  return { kind: "stages", boundaries: [epochsPerStage, 2 * epochsPerStage], factors: [1, 0.5, 0.25] };
}

/** Where in the training a step lies. */
export interface Progress {
  /** From 0. */
  step: number;
  totalSteps: number;
  stepsPerEpoch: number;
}

/**
 * The number, at least 0, to multiply each learning rate by at a step.
 *
 * @throws LightsegError INVALID_ARGUMENT for a schedule or progress that makes no sense
 */
export function learningRateFactor(schedule: Schedule, progress: Progress): number {
  checkProgress(progress);
  const warmup = schedule.warmup ?? 0;
  ensure(warmup >= 0, "warmup", "must be at least 0", warmup);
  // Step 0 already moves the weights, by 1 / warmup of the full rate.
  const warm = Math.min(1, (progress.step + 1) / Math.max(1, warmup));
  return (
    warm * (schedule.kind === "stages" ? stageFactor(schedule, progress) : polyFactor(schedule, progress))
  );
}

function stageFactor({ boundaries, factors }: StagesSchedule, { step, stepsPerEpoch }: Progress): number {
  const increasing = boundaries.every((epoch, i) => i === 0 || epoch > (boundaries[i - 1] ?? 0));
  ensure(increasing, "boundaries", "must increase", boundaries);
  ensure(
    factors.every((factor) => factor >= 0),
    "factors",
    "must all be at least 0",
    factors,
  );
  const epoch = Math.floor(step / stepsPerEpoch);
  const factor = factors[boundaries.filter((boundary) => boundary <= epoch).length];
  if (factor === undefined || factors.length !== boundaries.length + 1) {
    throw invalid(
      "factors",
      `must be ${boundaries.length + 1} numbers, one more than the boundaries`,
      factors,
    );
  }
  return factor;
}

function polyFactor({ power }: PolySchedule, { step, totalSteps }: Progress): number {
  ensure(power > 0, "power", "must be greater than 0", power);
  return Math.max(0, 1 - step / totalSteps) ** power;
}

function checkProgress({ step, totalSteps, stepsPerEpoch }: Progress): void {
  ensure(step >= 0, "step", "must be at least 0", step);
  ensure(totalSteps >= 1, "totalSteps", "must be at least 1", totalSteps);
  ensure(stepsPerEpoch >= 1, "stepsPerEpoch", "must be at least 1", stepsPerEpoch);
}

function ensure(holds: boolean, argument: string, rule: string, value: unknown): void {
  if (!holds) throw invalid(argument, rule, value);
}

function invalid(argument: string, rule: string, value: unknown): LightsegError {
  return new LightsegError({ code: "INVALID_ARGUMENT", where: "learningRateFactor", argument, rule, value });
}
