import { join } from "node:path";
import { LightsegError } from "../errors.ts";
import { PHOTO_ENDINGS } from "../images/node/decode.ts";
import type { OpenOptions } from "./dataset.ts";
import { notFound } from "./errors.ts";
import { type FileNames, listFileNames } from "./file-names.ts";
import { idsOfList, type ListFile, nameOf } from "./list-file.ts";
import type { SampleFiles } from "./paired-files.ts";

export interface PairFilesOptions extends OpenOptions {
  readonly photos: FileNames;
  readonly masks: FileNames;
  /** Which samples to take, in this order. Defaults to every id that has a photo or a mask, sorted. */
  readonly list?: ListFile;
  readonly layout: string;
}

/**
 * Pairs photo and mask of each id: they have one name, but for the ending, in folders of one name.
 *
 * @throws LightsegError INVALID_DATASET without photos or masks, or when a line of the list is no sample;
 *   NOT_FOUND for a photo without mask or a mask without photo, unless `missing` is `keep`: the sample's
 *   `fault` then is that error
 */
export function pairFiles({
  photos,
  masks,
  list,
  layout,
  missing = "refuse",
}: PairFilesOptions): SampleFiles[] {
  const ids = list
    ? idsOfList(list, photos)
    : [...new Set([...photos.paths.keys(), ...masks.paths.keys()])].sort();
  if (ids.length === 0) throw noFiles(photos, "photo", layout);
  // One error lists all photos.
  if (ids.length > 1 && masks.paths.size === 0 && masks.others.length === 0)
    throw noFiles(masks, "mask", layout);
  return ids.map((id) => {
    const photo = photos.paths.get(id);
    const mask = masks.paths.get(id);
    if (photo !== undefined && mask !== undefined) return { id, photo, mask };
    const [kind, names] = photo === undefined ? (["photo", photos] as const) : (["mask", masks] as const);
    const near = findNear(names, id);
    const fault = notFound(
      expectedPath(names, id),
      kind,
      "must exist",
      near ?? (missing === "refuse" ? layout : undefined),
    );
    if (missing === "refuse") throw fault;
    return { id, photo: photo ?? expectedPath(photos, id), mask: mask ?? expectedPath(masks, id), fault };
  });
}

export interface PairOfficialFilesOptions extends OpenOptions {
  /** Folders of photos and masks, and how official names end. Photos may have any readable format. */
  readonly photos: readonly [folder: string, endings: readonly [string, ...string[]]];
  readonly masks: readonly [folder: string, ending: string];
  readonly list?: ListFile;
  readonly layout: string;
}

/** The endings of photos that can be read, an official one first; `before` is what names have before it. */
export function endingsOf(official: (typeof PHOTO_ENDINGS)[number], before = ""): [string, ...string[]] {
  const others = PHOTO_ENDINGS.filter((ending) => ending !== official);
  return [`${before}${official}`, ...others.map((ending) => `${before}${ending}`)];
}

/** Pairs the files of a published data set. Where names clash, the official ending wins. */
export async function pairOfficialFiles({
  photos: [photoFolder, photoEndings],
  masks: [maskFolder, maskEnding],
  layout,
  ...options
}: PairOfficialFilesOptions): Promise<SampleFiles[]> {
  const photos = await listFileNames(photoFolder, { endings: photoEndings, layout, firstWins: true });
  const masks = await listFileNames(maskFolder, { endings: [maskEnding], layout });
  return pairFiles({ ...options, photos, masks, layout });
}

function expectedPath({ folder, endings: [ending] }: FileNames, id: string): string {
  return join(folder, `${id}${ending}`);
}

/**
 * The folders within that of the photos for whose photos there is not one mask, nor a file that may be meant
 * as one, and the number of photos in each.
 */
export function foldersWithoutMasks(photos: FileNames, masks: FileNames): Map<string, number> {
  const counts = new Map<string, number>();
  const labelled = new Set([...masks.paths.keys()].map(folderOf));
  for (const id of photos.paths.keys()) {
    const folder = folderOf(id);
    if (findNear(masks, id) !== undefined) labelled.add(folder);
    if (folder !== "") counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  for (const folder of labelled) counts.delete(folder);
  return counts;
}

/** What an id has before its name; empty for a file right in the folder. */
export function folderOf(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf("/")));
}

/** A file that may be the one that is missing, and why it is not taken. */
function findNear({ endings, paths, others }: FileNames, id: string): string | undefined {
  const name = nameOf(id);
  const stemOf = (path: string) => (path.split("/").at(-1) ?? "").replace(/\.[^.]*$/, "");
  const other =
    others.find((path) => path.startsWith(`${id}.`)) ?? others.find((path) => stemOf(path) === name);
  if (other !== undefined) {
    const advice = endings.join() === ".png" ? ": save masks as PNGs, which keep every value" : "";
    return `${other} is there, but only ${endings.join(", ")} files are read${advice}`;
  }
  const elsewhere = [...paths.keys()].find((known) => nameOf(known) === name);
  if (elsewhere !== undefined)
    return `${elsewhere} is there: a photo and its mask lie in folders of one name`;
  const alike = [...paths.keys()].find((known) => isAlike(nameOf(known), name));
  return alike && `${alike} is there: a photo and its mask have one name but for the ending`;
}

/** Whether a name is another but for upper and lower case, or with something before or behind it. */
function isAlike(known: string, name: string): boolean {
  if (known.toLowerCase() === name.toLowerCase()) return true;
  return (
    (known.startsWith(name) && /^[_.\- ]/.test(known.slice(name.length))) ||
    (known.endsWith(name) && /[_.\- ]$/.test(known.slice(0, -name.length)))
  );
}

function noFiles({ folder, endings, others }: FileNames, kind: string, layout: string): LightsegError {
  return new LightsegError({
    code: "INVALID_DATASET",
    where: "open",
    file: folder,
    argument: "folder",
    rule: `must hold at least one ${kind} ID${endings.join(" or ")}`,
    value: others.length > 0 ? others : undefined,
    hint: layout,
  });
}
