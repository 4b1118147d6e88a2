import { isRecord } from "../is-record.ts";
import { integerType, type Refusal, readNumber, realType, refuse, type ValueType } from "../value-types.ts";

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

/** A schedule is typed as `poly:0.9` or `stages:100,200:1,0.5,0.25`, its warm-up apart from it. */
export const scheduleType: ValueType<Schedule> = {
  placeholder: "SCHEDULE",
  rule: "poly, poly:POWER or stages:EPOCHS:FACTORS with one factor more than epochs, such as stages:100,200:1,0.5,0.25",
  read(text) {
    const [kind, first, second, ...more] = text.split(":");
    if (more.length > 0) return undefined;
    if (kind === "poly" && second === undefined) {
      const power = first === undefined ? 0.9 : readNumber(first);
      return power === undefined ? undefined : { kind, power };
    }
    if (kind !== "stages" || first === undefined || second === undefined) return undefined;
    const [boundaries, factors] = [readNumbers(first), readNumbers(second)];
    return boundaries && factors ? { kind, boundaries, factors } : undefined;
  },
  show: (schedule) =>
    schedule.kind === "poly"
      ? `poly:${schedule.power}`
      : `stages:${schedule.boundaries.join(",")}:${schedule.factors.join(",")}`,
  check(value) {
    if (!isRecord(value)) return refuse("must be an object with a kind, poly or stages", value);
    const warmup = value.warmup === undefined ? undefined : inPart(".warmup", steps.check(value.warmup));
    if (value.kind === "poly") return inPart(".power", power.check(value.power)) ?? warmup;
    if (value.kind === "stages") return checkStages(value) ?? warmup;
    return inPart(".kind", refuse("must be one of poly, stages", value.kind));
  },
};

const power = realType({ above: 0 });
const steps = integerType({ min: 0 });
const epoch = integerType({ min: 1 });
const factor = realType({ min: 0 });

function checkStages({ boundaries, factors }: Record<string, unknown>): Refusal | undefined {
  if (!Array.isArray(boundaries))
    return inPart(".boundaries", refuse("must be a list of epochs", boundaries));
  const badEpoch = boundaries.map(epoch.check).find((refusal) => refusal !== undefined);
  if (badEpoch) return inPart(".boundaries", badEpoch);
  if (boundaries.some((boundary, i) => i > 0 && boundary <= boundaries[i - 1]))
    return inPart(".boundaries", refuse("must increase", boundaries));
  if (!Array.isArray(factors) || factors.length !== boundaries.length + 1) {
    const rule = `must be ${boundaries.length + 1} numbers, one more than the boundaries`;
    return inPart(".factors", refuse(rule, factors));
  }
  return inPart(
    ".factors",
    factors.map(factor.check).find((refusal) => refusal !== undefined),
  );
}

function inPart(part: string, refusal: Refusal | undefined): Refusal | undefined {
  return refusal && { ...refusal, part };
}

function readNumbers(list: string): number[] | undefined {
  const numbers = list.split(",").map(readNumber);
  const found = numbers.filter((number) => number !== undefined);
  return found.length === numbers.length ? found : undefined;
}

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
