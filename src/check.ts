import { kindOf, LightsegError } from "./errors.ts";
import { isRecord } from "./is-record.ts";

/** The error for an argument that breaks a rule. */
export function invalidArgument(
  where: string,
  argument: string,
  rule: string,
  value?: unknown,
  hint?: string,
): LightsegError {
  return new LightsegError({ code: "INVALID_ARGUMENT", where, argument, rule, value, hint });
}

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
  throw invalidArgument(where, argument, `must be a whole number ${range}`, value);
}

/**
 * Checks that a size is a height and a width in pixels.
 *
 * @throws LightsegError INVALID_ARGUMENT
 */
export function checkSize(size: readonly [height: number, width: number], where: string): void {
  if (!Array.isArray(size) || size.length !== 2)
    throw invalidArgument(where, "size", "must be [height, width]", size);
  for (const side of size) checkInteger(side, where, "size");
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
  throw invalidArgument(where, argument, `must be a number from ${least} to ${most}`, value);
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
  throw invalidArgument(where, argument, `must be one of ${choices.join(", ")}`, value);
}

/**
 * Checks that options are an object without other keys: a typing error would change nothing otherwise.
 *
 * @throws LightsegError INVALID_ARGUMENT
 */
export function checkKeys<Options extends object>(
  options: Options,
  known: readonly (keyof Options & string)[],
  where: string,
): void {
  if (!isRecord(options)) throw invalidArgument(where, "options", "must be an object", options);
  for (const key of Object.keys(options)) checkChoice(key, known, where, "option");
}

/**
 * Checks that a value is a text that can be a path.
 *
 * @throws LightsegError INVALID_ARGUMENT
 */
export function checkPath(value: string, where: string, argument: string, rule = "must be a path"): void {
  if (typeof value !== "string" || value === "") throw invalidArgument(where, argument, rule, value);
}

/**
 * Checks that a value has parts that will be asked of it.
 *
 * @param rule what the value must be, such as `must be what loadModel gives`
 * @throws LightsegError INVALID_ARGUMENT
 */
export function checkParts<Value extends object>(
  value: Value,
  parts: readonly (keyof Value & string)[],
  where: string,
  argument: string,
  rule: string,
): void {
  if (isRecord(value) && parts.every((part) => value[part] !== undefined)) return;
  const hint = kindOf(value) === "Promise" ? "await it" : undefined;
  throw invalidArgument(where, argument, rule, value, hint);
}
