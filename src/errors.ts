import { isRecord } from "./is-record.ts";

/** The kind of error, so that a program can tell bad input from a full disk without the message. */
export type ErrorCode =
  | "INVALID_ARGUMENT"
  | "INVALID_IMAGE"
  | "INVALID_WEIGHTS"
  | "INVALID_DATASET"
  | "INVALID_RUN"
  | "INVALID_GRAPH"
  | "NOT_FOUND"
  | "OUTPUT"
  | "RUNTIME"
  | "DEVICE_LOST"
  | "WORKER_FAILED"
  | "STORAGE"
  | "QUEUE"
  | "DEPENDENCY";

/** The parts of an error message, kept as fields so that a program can read them. */
export interface ErrorDetails {
  code: ErrorCode;
  /** The function that noticed, e.g. `segment`; never a path. */
  where: string;
  /** The file at fault, where there is one; stands before the argument in the message. */
  file?: string;
  /** The argument, or the part of the file, at fault, e.g. `photo` or `header`. */
  argument: string;
  /** What must hold, e.g. `must have 3 channels`. */
  rule: string;
  /** What was found instead; left out of the message when undefined. */
  value?: unknown;
  /** What to try. */
  hint?: string;
  cause?: unknown;
}

/**
 * The one error type that lightseg throws on bad input: `segment: photo must have 3 channels, got 1`.
 *
 * Anything else that is thrown is a defect of lightseg itself.
 */
export class LightsegError extends Error {
  override readonly name = "LightsegError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(details: ErrorDetails) {
    const { where, file, argument, rule, value, hint, cause } = details;
    const at = file === undefined ? "" : `${file}: `;
    const got = value === undefined ? "" : `, got ${describe(value)}`;
    super(
      `${where}: ${at}${argument} ${rule}${got}${hint ? ` (${hint})` : ""}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = details.code;
    this.details = details;
  }
}

function describe(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
  if (Array.isArray(value))
    return `[${value.slice(0, 12).map(describe).join(", ")}${value.length > 12 ? ", …" : ""}]`;
  if (!isRecord(value)) return String(value);
  const kind = kindOf(value);
  return kind === "Object" ? `{${Object.keys(value).slice(0, 12).join(", ")}}` : kind;
}

/** The name of a platform's object, the same in all frames of a page: `HTMLImageElement`, `Null`. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's error code, such as `ENOENT` for a missing file; empty for other errors. */
export function systemCodeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** The error of a call on something that `dispose` has freed. */
export function disposedError(where: string, argument: string): LightsegError {
  return new LightsegError({ code: "RUNTIME", where, argument, rule: "has been disposed of" });
}
