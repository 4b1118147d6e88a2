import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { LightsegError, messageOf, systemCodeOf } from "../errors.ts";

/** The text of a run's file; undefined without one. @throws LightsegError NOT_FOUND if unreadable */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(cause))) return undefined;
    throw new LightsegError({
      code: "NOT_FOUND",
      where: "readRun",
      file: path,
      argument: "contents",
      rule: `cannot be read: ${messageOf(cause)}`,
      cause,
    });
  }
}

/** Where a JSON text stands. */
export interface JsonPlace {
  readonly file: string;
  /** The part of the file that is read, such as `line 3`. Defaults to `contents`. */
  readonly argument?: string;
}

/** @throws LightsegError INVALID_RUN for a text that is not JSON */
export function parseJson(text: string, place: JsonPlace): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(place, `must be JSON: ${messageOf(cause)}`);
  }
}

/** Parses JSON of a known form. @throws LightsegError INVALID_RUN that says where the text breaks it */
export function parseAs<T>(schema: z.ZodType<T>, text: string, place: JsonPlace): T {
  const result = schema.safeParse(parseJson(text, place));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.join(".");
  throw invalid(
    place,
    `must have the right form: ${path ? `${path}: ` : ""}${issue?.message ?? "unknown form"}`,
  );
}

function invalid({ file, argument = "contents" }: JsonPlace, rule: string): LightsegError {
  return new LightsegError({ code: "INVALID_RUN", where: "readRun", file, argument, rule });
}
