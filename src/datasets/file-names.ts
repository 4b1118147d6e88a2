import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { LightsegError } from "../errors.ts";
import type { OpenOptions } from "./dataset.ts";
import { notFound } from "./files.ts";
import type { SampleFiles } from "./paired-files.ts";

/** The files of a folder that are photos, or that are masks. */
export interface FileNames {
  readonly folder: string;
  /** How names end; the first is that of a file that is not there. */
  readonly endings: readonly string[];
  /** The path of each file by its id: the name, relative to the folder, without its ending. */
  readonly paths: ReadonlyMap<string, string>;
}

export interface ListFileNamesOptions {
  /** How names may end, in any case, e.g. `[".jpg", ".jpeg"]`; the rest of a name is its id. */
  readonly endings: readonly string[];
  /** The expected files, shown as a hint when something is missing. */
  readonly layout: string;
  /** Whether to look into the folder's folders too, one level deep. Default no. */
  readonly nested?: boolean;
}

/**
 * Lists the files of a folder by id; other endings and names that begin with a dot are passed over.
 *
 * @throws LightsegError NOT_FOUND when the folder is missing, INVALID_DATASET when two files have one id (`a.jpg`, `a.png`)
 */
export async function listFileNames(
  folder: string,
  { endings, layout, nested = false }: ListFileNamesOptions,
): Promise<FileNames> {
  const paths = new Map<string, string>();
  for (const name of await readNames(folder, nested, layout)) {
    const ending = endings.find((known) => name.toLowerCase().endsWith(known.toLowerCase()));
    if (ending === undefined) continue;
    const id = name.slice(0, name.length - ending.length);
    const other = paths.get(id);
    if (other !== undefined) throw sameId(other, join(folder, name));
    paths.set(id, join(folder, name));
  }
  return { folder, endings, paths };
}

/** Names relative to the folder, in order, with `/` between a folder and its file. */
async function readNames(folder: string, nested: boolean, layout: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw notFound(folder, "must be a readable folder", layout, cause);
  });
  const names: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    if (!entry.isDirectory()) names.push(entry.name);
    else if (nested) {
      const inner = await readNames(join(folder, entry.name), false, layout);
      names.push(...inner.map((name) => `${entry.name}/${name}`));
    }
  }
  return names.sort();
}

export interface PairFilesOptions extends OpenOptions {
  readonly photos: FileNames;
  readonly masks: FileNames;
  /** Which samples to take, in this order. Defaults to every id that has a photo or a mask, sorted. */
  readonly ids?: readonly string[];
  readonly layout: string;
}

/**
 * Puts the photo and the mask of each id together.
 *
 * @throws LightsegError INVALID_DATASET when there is no id; NOT_FOUND for a photo without mask or a mask without
 * photo, unless `missing` is `keep`
 */
export function pairFiles({
  photos,
  masks,
  layout,
  missing = "refuse",
  ids = [...new Set([...photos.paths.keys(), ...masks.paths.keys()])].sort(),
}: PairFilesOptions): SampleFiles[] {
  if (ids.length === 0) {
    throw new LightsegError({
      code: "INVALID_DATASET",
      where: "open",
      argument: photos.folder,
      rule: `must hold at least one photo ID${photos.endings.join(" or ")}`,
      hint: layout,
    });
  }
  const pathOf = ({ folder, endings, paths }: FileNames, id: string) => {
    const path = paths.get(id);
    if (path !== undefined) return path;
    const expected = join(folder, `${id}${endings[0] ?? ""}`);
    if (missing === "refuse") throw notFound(expected, "must exist", layout);
    return expected;
  };
  return ids.map((id) => ({ id, photo: pathOf(photos, id), mask: pathOf(masks, id) }));
}

function sameId(first: string, second: string): LightsegError {
  const rule = `must not have the name of ${first} but for its ending`;
  return new LightsegError({ code: "INVALID_DATASET", where: "open", argument: second, rule });
}
