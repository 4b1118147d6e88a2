import { existsSync } from "node:fs";
import { LightsegError } from "../errors.ts";
import { type Address, folderKey, formatAddress, parseAddress, publicAddress } from "./address.ts";
import { openStorage } from "./open-storage.ts";
import type { PhotoEntry } from "./photo-entry.ts";
import { isList, readList } from "./source-list.ts";

/** Where the photos of a batch are. */
export interface ListPhotosOptions {
  /** A folder, `s3://bucket/prefix`, one photo, or a list: .txt, .csv, .jsonl or .parquet. */
  readonly source: string;
  /**
   * The column of a list that has the addresses. Defaults to the first of `photo`, `source`, `path`, `url`,
   * `key`, `file`, `image`.
   */
  readonly column?: string | undefined;
  /**
   * The folder or prefix of the masks, `ID.png` each, ID without its ending. A list may have a column `mask`
   * instead.
   */
  readonly masks?: string | undefined;
  /** Told the key of each file that is no photo by its name. */
  readonly onSkip?: (key: string) => void;
}

const PHOTO = /\.(jpe?g|png|webp|tiff?|gif|avif)$/i;

/**
 * Finds the photos of a source, one after the other, so that there may be more than memory holds.
 *
 * Of a folder or prefix, files whose names end as those of photos do, in the folders within too. Of a list,
 * every entry, once.
 *
 * @throws LightsegError NOT_FOUND for a source that is not there or has no photos, INVALID_ARGUMENT for a
 *   malformed list, STORAGE
 */
export async function* listPhotos(options: ListPhotosOptions): AsyncGenerator<PhotoEntry> {
  let photos = 0;
  for await (const entry of findEntries(options)) {
    photos++;
    yield options.masks === undefined ? entry : { mask: maskAddress(options.masks, entry.id), ...entry };
  }
  if (photos > 0) return;
  const address = parseAddress(options.source);
  const isMissing = address.kind === "folder" && !existsSync(address.path);
  const rule = isMissing ? "does not exist" : "holds no photos (jpg, jpeg, png, webp, tif, tiff, gif, avif)";
  const file = publicAddress(options.source);
  throw new LightsegError({ code: "NOT_FOUND", where: "listPhotos", file, argument: "the source", rule });
}

async function* findEntries({ source, column, onSkip }: ListPhotosOptions): AsyncGenerator<PhotoEntry> {
  if (isList(source)) {
    yield* readList(source, column);
    return;
  }
  const address = parseAddress(source);
  if (address.kind === "http" || PHOTO.test(source)) {
    yield { id: lastName(publicAddress(formatAddress(address))), source: formatAddress(address) };
    return;
  }
  const storage = await openStorage(address);
  for await (const { key, address } of storage.list("")) {
    if (PHOTO.test(key)) yield { id: key, source: formatAddress(address) };
    else onSkip?.(key);
  }
}

function lastName(address: string): string {
  return address.split("/").at(-1) || "photo";
}

/** The name of a photo without the ending that says what kind of file it is. */
export function withoutEnding(id: string): string {
  return id.replace(PHOTO, "");
}

function maskAddress(masks: string, id: string): string {
  const address = parseAddress(masks);
  const key = `${withoutEnding(id)}.png`;
  if (address.kind === "http") return `${address.url.replace(/\/$/, "")}/${encodeURI(key)}`;
  return formatAddress(joinKey(address, key));
}

function joinKey(address: Exclude<Address, { kind: "http" }>, key: string): Address {
  if (address.kind === "folder") return { kind: "folder", path: `${address.path}/${key}` };
  return { ...address, key: `${folderKey(address.key)}${key}` };
}
