import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describePassedOver } from "../datasets/file-names.ts";
import { LightsegError } from "../errors.ts";
import { PHOTO_ENDINGS } from "../images/node/decode.ts";
import { unreadableRule } from "../node/files.ts";
import { log } from "./output.ts";

/** Endings of results. */
export const LABELS = ".labels.png";
export const OVERLAY = ".overlay.png";

export interface FoundPhotos {
  readonly photos: string[];
  /** Files of folders that are no photos. */
  readonly passedOver: string[];
}

/**
 * The photos that are meant, each once: files as they are, folders as the photos in them.
 *
 * @param where the function that they were given to, for errors
 */
export async function findPhotos(operands: readonly string[], where: string): Promise<FoundPhotos> {
  const photos = new Map<string, string>();
  const passedOver: string[] = [];
  for (const operand of operands) {
    const status = await stat(operand).catch(() => undefined);
    const found = status?.isDirectory()
      ? await photosIn(operand, where)
      : { photos: [operand], passedOver: [] };
    for (const photo of found.photos) photos.set(resolve(photo), photo);
    passedOver.push(...found.passedOver);
  }
  return { photos: [...photos.values()], passedOver };
}

/** Skips hidden files (macOS writes `._photo.jpg`), folders and earlier results. */
async function photosIn(folder: string, where: string): Promise<FoundPhotos> {
  const isPhoto = (name: string) => PHOTO_ENDINGS.some((ending) => name.toLowerCase().endsWith(ending));
  const names: string[] = [];
  const found = await readdir(folder).catch((cause: unknown) => {
    const rule = unreadableRule(folder, cause);
    throw new LightsegError({ code: "NOT_FOUND", where, file: folder, argument: "folder", rule, cause });
  });
  for (const name of found.sort()) {
    if (name.startsWith(".") || name.endsWith(LABELS) || name.endsWith(OVERLAY)) continue;
    // A file that is only named as a photo, or a link to nothing, is kept: reading it reports the fault.
    const status = await stat(join(folder, name)).catch(() => undefined);
    if (isPhoto(name) || !status?.isDirectory()) names.push(name);
  }
  const others = names.filter((name) => !isPhoto(name));
  const note = others.length > 0 ? describePassedOver(others, PHOTO_ENDINGS) : undefined;
  const photos = names.filter(isPhoto);
  if (photos.length === 0) {
    const rule = "must hold photos";
    const hint = note ?? `${PHOTO_ENDINGS.join(", ")} are read; those of folders in it are not`;
    throw new LightsegError({
      code: "NOT_FOUND",
      where,
      file: folder,
      argument: "folder",
      rule,
      hint,
    });
  }
  if (note !== undefined) log(`${folder}: ${note}`);
  const inFolder = (name: string) => join(folder, name);
  return { photos: photos.map(inFolder), passedOver: others.map(inFolder) };
}
