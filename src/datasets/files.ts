import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { LightsegError } from "../errors.ts";
import type { OpenOptions } from "./dataset.ts";

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

/**
 * Reads the sample ids of a list file, one a line.
 *
 * A line may also name files (`/some/where/train/ID.png /some/where/trainannot/ID.png`): the id is then the first
 * file's name without its extension. Blank lines and CRLF are accepted.
 *
 * @param layout the expected files, shown as a hint when the list is missing or empty
 * @throws LightsegError NOT_FOUND, or INVALID_DATASET when no id is listed
 */
export async function readIds(listFile: string, layout: string): Promise<string[]> {
  return (await readList(listFile, layout)).map(([first]) => idOf(first));
}

/** Reads a list file as `readIds` does, and gives all words of each line. */
export async function readList(listFile: string, layout: string): Promise<[string, ...string[]][]> {
  const text = await readFile(listFile, "utf8").catch((cause: unknown) => {
    throw notFound(listFile, "must be a readable list of sample ids", layout, cause);
  });
  const lines = text.split(/\r?\n/).flatMap((line): [string, ...string[]][] => {
    const [first = "", ...others] = line.trim().split(/\s+/);
    return first === "" ? [] : [[first, ...others]];
  });
  if (lines.length === 0) {
    throw new LightsegError({
      code: "INVALID_DATASET",
      where: "open",
      argument: listFile,
      rule: "must list at least one sample id",
      hint: layout,
    });
  }
  return lines;
}

/** The name of a photo without folders and extension. */
export function idOf(path: string): string {
  return basename(path).replace(/\.(png|jpe?g|webp)$/i, "");
}

/**
 * Lists a folder once and returns a function that gives the path of an id's file in it.
 *
 * @param extensions accepted ones, the preferred first, e.g. `["png", "jpg"]`
 * @param layout the expected files, shown as a hint when something is missing
 * @param options.missing `keep` to get the path of a missing file in the preferred extension instead of an error
 * @throws LightsegError NOT_FOUND when the folder is missing; the returned function, when the id's file is
 */
export async function fileFinder(
  folder: string,
  extensions: readonly string[],
  layout: string,
  { missing = "refuse" }: OpenOptions = {},
): Promise<(id: string) => string> {
  const entries = await readdir(folder).catch((cause: unknown) => {
    throw notFound(folder, "must be a readable folder", layout, cause);
  });
  const names = new Set(entries);
  return (id) => {
    const candidates = extensions.map((extension) => `${id}.${extension}`);
    const found = candidates.find((name) => names.has(name));
    const path = join(folder, found ?? candidates[0] ?? id);
    if (found === undefined && missing === "refuse") throw notFound(path, "must exist", layout);
    return path;
  };
}

/** Whether there is a folder of this name. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** Whether there is a file of this name. */
export async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}

/** The first of some paths that is there, else the first: its absence is then reported. */
export async function firstPresent(paths: readonly [string, ...string[]]): Promise<string> {
  for (const path of paths) if (await stat(path).catch(() => undefined)) return path;
  return paths[0];
}

/** The error for a file or folder of a data set that is not there. */
export function notFound(argument: string, rule: string, hint: string, cause?: unknown): LightsegError {
  return new LightsegError({ code: "NOT_FOUND", where: "open", argument, rule, hint, cause });
}
