import { checkChoice, checkKeys, checkPath } from "../check.ts";
import { LightsegError } from "../errors.ts";
import type { OpenOptions } from "./dataset.ts";

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

interface Opening {
  readonly directory: string;
  readonly split: string;
  readonly options: OpenOptions;
}

/**
 * Checks what a data set is opened with.
 *
 * @throws LightsegError INVALID_ARGUMENT for a split that the data set does not have, or an unknown option
 */
export function checkOpening({ directory, split, options }: Opening, splits: readonly string[]): void {
  checkPath(directory, "open", "directory", "must be the path of a folder");
  checkChoice(split, splits, "open", "split");
  checkKeys(options, ["missing"], "open");
  checkChoice(options.missing ?? "refuse", ["refuse", "keep"], "open", "missing");
}
