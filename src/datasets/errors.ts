import { LightsegError } from "../errors.ts";

/** The error for a missing file or folder of a data set. @param argument what it is, such as `photo` */
export function notFound(
  file: string,
  argument: string,
  rule: string,
  hint?: string,
  cause?: unknown,
): LightsegError {
  return new LightsegError({ code: "NOT_FOUND", where: "open", file, argument, rule, hint, cause });
}

/** @throws LightsegError INVALID_ARGUMENT for a split that the data set does not have */
export function requireSplit(split: string, splits: readonly string[]): void {
  if (splits.includes(split)) return;
  throw new LightsegError({
    code: "INVALID_ARGUMENT",
    where: "open",
    argument: "split",
    rule: `must be one of ${splits.join(", ")}`,
    value: split,
  });
}
