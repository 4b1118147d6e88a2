import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { LightsegError, systemCodeOf } from "../errors.ts";
import { plural } from "../plural.ts";
import { notFound } from "./errors.ts";

/** The files of a folder that are photos, or that are masks. */
export interface FileNames {
  readonly folder: string;
  /** How names end; the first is that of a file that is not there. */
  readonly endings: readonly [string, ...string[]];
  /** The path of each file by its id: the name, relative to the folder and in NFC, without its ending. */
  readonly paths: ReadonlyMap<string, string>;
  /** The names, relative to the folder and in NFC, of files with other endings. */
  readonly others: readonly string[];
}

export interface ListFileNamesOptions {
  /** How names may end, in any case, e.g. `[".jpg", ".jpeg"]`; the rest of a name is its id. */
  readonly endings: readonly [string, ...string[]];
  /** The expected files, shown as a hint when something is missing. */
  readonly layout: string;
  /** Whether the first ending wins where files have one id. Defaults to no: that is an error. */
  readonly firstWins?: boolean;
  /** A folder to leave out: that of the masks, where it lies in that of the photos. */
  readonly without?: string;
}

/**
 * Lists the files of a folder and of the folders in it, by id. Names that begin with a dot are passed over.
 *
 * Links count as what they point to; a link to one of the folders that it lies in is passed over.
 *
 * @throws LightsegError NOT_FOUND when a folder is missing or a link points to nothing, INVALID_DATASET when
 *   two files have one id (`a.jpg`, `a.png`)
 */
export async function listFileNames(
  folder: string,
  { endings, layout, firstWins = false, without }: ListFileNamesOptions,
): Promise<FileNames> {
  const left = without === undefined ? [] : [await realpath(without).catch(() => without)];
  const paths = new Map<string, string>();
  const first = new Set<string>();
  const others: string[] = [];
  for (const name of await readNames(folder, layout, left)) {
    const ending = endings.find((known) => name.toLowerCase().endsWith(known.toLowerCase()));
    const composed = name.normalize("NFC");
    if (ending === undefined) {
      others.push(composed);
      continue;
    }
    const id = composed.slice(0, composed.length - ending.length);
    const path = join(folder, name);
    const other = paths.get(id);
    const isFirst = firstWins && ending === endings[0];
    if (other !== undefined && first.has(id) === isFirst) throw sameId(other, path);
    if (other === undefined || isFirst) paths.set(id, path);
    if (isFirst) first.add(id);
  }
  return { folder, endings, paths, others };
}

/**
 * Names relative to the folder, in order, with `/` between a folder and its file.
 *
 * @param left real paths of folders to leave out. They include the folders around this one, so circles of
 *   links end
 */
async function readNames(folder: string, layout: string, left: readonly string[]): Promise<string[]> {
  const unreadable = (cause: unknown) => notFound(folder, "folder", "must be readable", layout, cause);
  const place = await realpath(folder).catch((cause: unknown) => Promise.reject(unreadable(cause)));
  if (left.includes(place)) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) =>
    Promise.reject(unreadable(cause)),
  );
  const names: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory() || (entry.isSymbolicLink() && (await isLinkToFolder(path)))) {
      const inner = await readNames(path, layout, [...left, place]);
      for (const name of inner) names.push(`${entry.name}/${name}`);
    } else names.push(entry.name);
  }
  return names.sort();
}

/** @throws LightsegError NOT_FOUND for a link to nothing: its samples would be missing without a word */
async function isLinkToFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    const rule =
      systemCodeOf(cause) === "ELOOP"
        ? "must not lead back to itself"
        : "must point to something that is there";
    throw notFound(path, "link", rule, undefined, cause);
  }
}

function sameId(first: string, second: string): LightsegError {
  const isSpelling = first.normalize("NFC") === second.normalize("NFC");
  const rule = isSpelling
    ? "must be there once, and is there in two spellings of Unicode: composed and taken apart"
    : `must not be that of ${first} but for its ending`;
  return new LightsegError({ code: "INVALID_DATASET", where: "open", file: second, argument: "name", rule });
}

/** Says which files were passed over and what is read instead: `passed over 2 files (a.heic, ...); ...`. */
export function describePassedOver(names: readonly string[], endings: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return `passed over ${plural(names.length, "file")} (${shown}${more}); ${endings.join(", ")} are read`;
}
