import { isRecord } from "../is-record.ts";
import { integerType, type Refusal, readNumber, realType, refuse, type ValueType } from "../value-types.ts";
import type { Schedule } from "./schedule.ts";

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
