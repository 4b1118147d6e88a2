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
