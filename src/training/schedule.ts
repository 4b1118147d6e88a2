/** Piecewise constant: factor `factors[i]` up to the epoch `boundaries[i]`, the last factor from there on. */
export interface StagesSchedule {
  kind: "stages";
  /** The epochs, counted from 0, at which the next factor begins; increasing. */
  boundaries: number[];
  /** One more than there are boundaries, each at least 0. */
  factors: number[];
  /** Steps of linear warm-up from near 0; default 0. */
  warmup?: number;
}

/** Polynomial decay from 1 to 0 over the whole training: (1 - step / totalSteps) ^ power. */
export interface PolySchedule {
  kind: "poly";
  /** Greater than 0; usually 0.9. */
  power: number;
  /** Steps of linear warm-up from near 0; default 0. */
  warmup?: number;
}

/** The learning-rate schedule; plain data, so that it can be stored with the run. */
export type Schedule = StagesSchedule | PolySchedule;

/** Where in the training a step lies. */
export interface Progress {
  /** From 0. */
  step: number;
  totalSteps: number;
  stepsPerEpoch: number;
}

/** The number, at least 0, to multiply each learning rate by at a step. */
export function learningRateFactor(schedule: Schedule, progress: Progress): number {
  // Step 0 already moves the weights, by 1 / warmup of the full rate.
  const warm = Math.min(1, (progress.step + 1) / Math.max(1, schedule.warmup ?? 0));
  return (
    warm * (schedule.kind === "stages" ? stageFactor(schedule, progress) : polyFactor(schedule, progress))
  );
}

function stageFactor({ boundaries, factors }: StagesSchedule, { step, stepsPerEpoch }: Progress): number {
  const epoch = Math.floor(step / stepsPerEpoch);
  return factors[boundaries.filter((boundary) => boundary <= epoch).length] ?? Number.NaN;
}

function polyFactor({ power }: PolySchedule, { step, totalSteps }: Progress): number {
  return Math.max(0, 1 - step / totalSteps) ** power;
}
