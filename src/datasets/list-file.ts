import { LightsegError } from "../errors.ts";
import type { FileNames } from "./file-names.ts";
import { readText } from "./text-file.ts";

/** A list of samples. */
export interface ListFile {
  readonly file: string;
  readonly lines: readonly ListLine[];
}

/** One line of a list. */
export interface ListLine {
  /** From 1. */
  readonly number: number;
  /** In NFC, without spaces at its ends; never empty. */
  readonly text: string;
}

/**
 * Reads the lines of a list of samples; blank ones are passed over.
 *
 * @param layout the expected files, shown as a hint when the list is missing or empty
 * @throws LightsegError NOT_FOUND, or INVALID_DATASET when it is not UTF-8 or lists nothing
 */
export async function readList(file: string, layout: string): Promise<ListFile> {
  const text = await readText(file, "list", layout);
  const lines = text
    .split("\n")
    .map((line, index) => ({ number: index + 1, text: line.trim().normalize("NFC") }))
    .filter((line) => line.text !== "");
  if (lines.length > 0) return { file, lines };
  const rule = "must hold at least one sample id";
  throw new LightsegError({
    code: "INVALID_DATASET",
    where: "open",
    file,
    argument: "list",
    rule,
    hint: layout,
  });
}

const ENDING = /\.(png|jpe?g|webp|tiff?|gif|avif)$/i;

/** Whether a path ends as that of a picture. */
export function isPicture(path: string): boolean {
  return ENDING.test(path.trim());
}

/** A path without the ending of a picture. */
export function withoutEnding(path: string): string {
  return path.replace(ENDING, "");
}

/** The name of a picture without folders and ending. */
export function nameOf(path: string): string {
  return withoutEnding(path.split("/").at(-1) ?? "");
}

/**
 * The id of the photo that each line of a list means, in order.
 *
 * A line is an id, or the path of the photo, with spaces or not. Folders of the photos may be left out. A
 * mask may follow if it has the photo's name. A line that fits no photo is an id without a photo.
 *
 * @throws LightsegError INVALID_DATASET for a line with two samples, and for two lines that mean one photo
 */
export function idsOfList({ file, lines }: ListFile, photos: FileNames): string[] {
  const finder = new PhotoFinder(photos);
  const seen = new Map<string, ListLine>();
  const fault = (line: ListLine, rule: string) =>
    new LightsegError({
      code: "INVALID_DATASET",
      where: "open",
      file,
      argument: `line ${line.number}`,
      rule,
      value: line.text,
    });
  return lines.map((line) => {
    const id = finder.find(line.text.replaceAll("\\", "/"));
    if (id === undefined) {
      const rule = "must be one id, or the paths of a photo and of the mask of the same name";
      throw fault(line, rule);
    }
    const other = seen.get(id);
    if (other !== undefined && other.text !== line.text)
      throw fault(line, `must not mean the photo of line ${other.number}, ${JSON.stringify(other.text)}`);
    seen.set(id, line);
    return id;
  });
}

/** Finds the photos that lines of a list mean. */
class PhotoFinder {
  readonly #photos: FileNames;
  /** The ids of photos by their names alone. */
  readonly #byName = new Map<string, string[]>();

  constructor(photos: FileNames) {
    this.#photos = photos;
    for (const id of photos.paths.keys()) {
      const name = id.split("/").at(-1) ?? "";
      const ids = this.#byName.get(name);
      if (ids) ids.push(id);
      else this.#byName.set(name, [id]);
    }
  }

  /** @returns undefined for a line that names two samples */
  find(line: string): string | undefined {
    const whole = this.#findPath(line, (folders) => !/\s/.test(folders));
    if (whole !== undefined) return whole;
    const pairs = [...line.matchAll(/\s+/g)].map((space) => ({
      first: line.slice(0, space.index),
      second: line.slice(space.index + space[0].length),
    }));
    const photo = pairs.find(({ first, second }) => ENDING.test(second) && nameOf(first) === nameOf(second));
    if (photo) return this.find(photo.first);
    if (pairs.some(({ first }) => ENDING.test(first) || this.#findPath(first, () => true) !== undefined))
      return undefined;
    // Spaces that are left belong to names of folders.
    const isLeading = (folders: string) =>
      folders.startsWith("/") || this.#photos.folder.normalize("NFC").endsWith(folders);
    return this.#findPath(line, isLeading) ?? nameOf(line);
  }

  /** @param isLeading whether folders in front of an id may be those that lead to the photos */
  #findPath(path: string, isLeading: (folders: string) => boolean): string | undefined {
    const { paths } = this.#photos;
    const parts = path.split("/");
    for (let start = 0; start < parts.length; start++) {
      const rest = parts.slice(start).join("/");
      const id = [rest, withoutEnding(rest)].find((candidate) => paths.has(candidate));
      if (id !== undefined && isLeading(parts.slice(0, start).join("/"))) return id;
    }
    const ending = `/${withoutEnding(path)}`;
    const ids = (this.#byName.get(nameOf(path)) ?? []).filter((id) => id.endsWith(ending));
    return ids.length === 1 ? ids[0] : undefined;
  }
}
