import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { LightsegError, messageOf, systemCodeOf } from "../errors.ts";

/** The text of a file of a run; undefined if there is none. @throws LightsegError NOT_FOUND if it cannot be read */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return undefined;
    const rule = `cannot be read: ${messageOf(cause)}`;
    throw new LightsegError({ code: "NOT_FOUND", where: "readRun", argument: path, rule, cause });
  }
}

/** Parses JSON of a known form. @throws LightsegError INVALID_RUN that says where `argument` breaks it */
export function parseAs<T>(schema: z.ZodType<T>, text: string, argument: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(argument, `is not JSON: ${messageOf(cause)}`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.join(".");
  throw invalid(argument, `is not valid: ${place ? `${place}: ` : ""}${issue?.message ?? "unknown form"}`);
}

function invalid(argument: string, rule: string): LightsegError {
  return new LightsegError({ code: "INVALID_RUN", where: "readRun", argument, rule });
}
