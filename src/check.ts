import { LightsegError } from "./errors.ts";

/**
 * Checks that a number is an integer from `least` to `most`.
 *
 * @throws LightsegError INVALID_ARGUMENT
 */
export function checkInteger(
  value: number,
  where: string,
  argument: string,
  least = 1,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new LightsegError({
    code: "INVALID_ARGUMENT",
    where,
    argument,
    rule: `must be a whole number ${range}`,
    value,
  });
}

/**
 * Checks that a number lies in a range, its ends included.
 *
 * @throws LightsegError INVALID_ARGUMENT
 */
export function checkRange(
  value: number,
  where: string,
  argument: string,
  [least, most]: readonly [least: number, most: number],
): void {
  if (value >= least && value <= most) return;
  const rule = `must be a number from ${least} to ${most}`;
  throw new LightsegError({ code: "INVALID_ARGUMENT", where, argument, rule, value });
}

/**
 * Checks that a value is one of a few.
 *
 * @throws LightsegError INVALID_ARGUMENT
 */
export function checkChoice(
  value: unknown,
  choices: readonly string[],
  where: string,
  argument: string,
): void {
  if (choices.some((choice) => choice === value)) return;
  const rule = `must be one of ${choices.join(", ")}`;
  throw new LightsegError({ code: "INVALID_ARGUMENT", where, argument, rule, value });
}

/**
 * Checks that an object has no other keys: a typing error would change nothing otherwise.
 *
 * @throws LightsegError INVALID_ARGUMENT
 */
export function checkKeys(options: object, known: readonly string[], where: string): void {
  for (const key of Object.keys(options)) checkChoice(key, known, where, "option");
}
