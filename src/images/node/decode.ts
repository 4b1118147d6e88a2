import { readFile, stat } from "node:fs/promises";
import type { Metadata, SharpOptions } from "sharp";
import { checkInteger, checkKeys } from "../../check.ts";
import { LightsegError, messageOf, systemCodeOf } from "../../errors.ts";
import { describeKind, IS_PHOTO } from "../../node/file-kind.ts";
import { pathOf, unreadableRule } from "../../node/files.ts";
import { MAX_PIXELS } from "../check.ts";
import type { Photo } from "../types.ts";
import { loadSharp } from "./load-sharp.ts";
import { repairJpeg } from "./repair-jpeg.ts";
import { readTiffBands, repairTiff } from "./tiff.ts";

const WHERE = "decodePhoto";
/** How the names of photos end that can be read. */
export const PHOTO_ENDINGS = [".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".avif"] as const;
const READABLE = "jpeg, png, webp, tiff, gif and avif photos can be read";

const OR_BYTES =
  "or be the bytes of a file, such as new Uint8Array(await (await fetch(address)).arrayBuffer())";

/** What stands before the reasons of some readers, or instead of one. */
const NO_REASON = /^(Input buffer has corrupt header:|Warning treated as error.*)/;

const SHARP_OPTIONS: SharpOptions = {
  // The strictest level: anything laxer turns a cut or damaged file into a photo that is partly gray.
  failOn: "warning",
  autoOrient: true,
  // The size is checked against maxPixels from the header, with a message that tells the claimed size.
  limitInputPixels: false,
};

/** Options of `decodePhoto`. */
export interface DecodePhotoOptions {
  /** The largest size that the header may claim, checked before anything is decoded; default 64 million. */
  maxPixels?: number;
}

/** A photo, upright, and how its file has it turned. */
export interface OrientedPhoto {
  readonly photo: Photo;
  /** EXIF orientation: 1 upright, 2 to 4 mirrored or turned by 180 degrees, 5 to 8 with swapped sides. */
  readonly orientation: number;
}

/**
 * Reads a photo from a file, by its path or file URL, or from the bytes of one, as 8-bit sRGB, `[height,
 * width, 3]`.
 *
 * JPEG, PNG, WebP, TIFF, GIF and AVIF are read. The EXIF orientation is applied; gray, CMYK and 16-bit photos
 * and embedded color profiles are converted; transparency is composited on white, and a band of a TIFF that
 * is not tagged as transparency is left out; of an animation or a multi-page file the first frame is taken.
 *
 * @throws LightsegError NOT_FOUND if there is no such file; INVALID_IMAGE for a folder, an empty, cut or
 *   damaged file, a photo that is too large, or a TIFF of floats, signed numbers or other bands;
 *   INVALID_ARGUMENT for anything but a file or bytes, such as an address of the web
 */
export async function decodePhoto(
  source: string | URL | Uint8Array,
  options: DecodePhotoOptions = {},
): Promise<Photo> {
  checkKeys(options, ["maxPixels"], WHERE);
  return (await decodeOrientedPhoto(source, options)).photo;
}

/** Reads a photo as `decodePhoto` does, and says how it was turned. */
export async function decodeOrientedPhoto(
  source: string | URL | Uint8Array,
  { maxPixels = MAX_PIXELS }: DecodePhotoOptions = {},
): Promise<OrientedPhoto> {
  checkInteger(maxPixels, WHERE, "maxPixels");
  const { file, bytes } =
    source instanceof Uint8Array ? { file: undefined, bytes: source } : await readPhotoFile(source);
  if (bytes.length === 0) throw unreadable(file, "an empty file");
  try {
    return await decodeBytes(bytes, file, maxPixels);
  } catch (error) {
    // A repaired file is decoded as strictly: damage to its pixels is still an error.
    const repaired = repairJpeg(bytes) ?? repairTiff(bytes);
    if (repaired === undefined) throw error;
    return decodeBytes(repaired, file, maxPixels);
  }
}

async function decodeBytes(
  bytes: Uint8Array,
  file: string | undefined,
  maxPixels: number,
): Promise<OrientedPhoto> {
  const sharp = await loadSharp();
  const header = await readable(file, bytes, sharp(bytes, SHARP_OPTIONS).metadata());
  checkFormat(file, header);
  checkSize(file, header, maxPixels);
  const hasAlpha = header.format === "tiff" ? readAlpha(bytes, file) : true;

  const image = sharp(bytes, SHARP_OPTIONS);
  const opaque = hasAlpha ? image.flatten({ background: "#ffffff" }) : image.removeAlpha();
  const decoding = opaque.toColourspace("srgb").raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const { data, info } = await readable(file, bytes, decoding);
  const { width, height, channels } = info;
  if (data.length !== width * height * 3) throw unreadable(file, `${channels} bands`);
  const photo = { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  return { photo, orientation: header.orientation ?? 1 };
}

/** Whether the last band of a TIFF, if it has more than its colors need, is tagged as transparency. */
function readAlpha(bytes: Uint8Array, file: string | undefined): boolean {
  const bands = readTiffBands(bytes);
  if (!bands) return true;
  if (bands.fault === undefined) return bands.hasAlpha;
  throw new LightsegError({ code: "INVALID_IMAGE", where: WHERE, file, argument: "photo", ...bands.fault });
}

async function readPhotoFile(source: string | URL): Promise<{ file: string; bytes: Uint8Array }> {
  const path = pathOf(source, WHERE, "source", OR_BYTES);
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw unreadable(path, "a folder");
    // A pipe or a device could keep the reader waiting for ever.
    if (!status.isFile()) throw unreadable(path, "something that is not a regular file");
    return { file: path, bytes: await readFile(path) };
  } catch (cause) {
    if (cause instanceof LightsegError) throw cause;
    const code = ["ENOENT", "ENOTDIR"].includes(systemCodeOf(cause)) ? "NOT_FOUND" : "INVALID_IMAGE";
    const rule = unreadableRule(path, cause);
    throw new LightsegError({ code, where: WHERE, file: path, argument: "photo", rule, cause });
  }
}

function checkFormat(file: string | undefined, header: Metadata): void {
  const { format, compression } = header;
  const isAvif = format === "heif" && compression === "av1";
  if (isAvif || ["jpeg", "png", "webp", "tiff", "gif"].includes(format)) return;
  throw unreadable(file, `the format ${format}`, READABLE);
}

function checkSize(file: string | undefined, header: Metadata, maxPixels: number): void {
  const { width, height } = header;
  if (width * height <= maxPixels) return;
  throw new LightsegError({
    code: "INVALID_IMAGE",
    where: WHERE,
    file,
    argument: "photo",
    rule: `must have at most ${maxPixels} pixels`,
    value: `${width} x ${height} = ${width * height}`,
    hint: "shrink it first",
  });
}

/** Waits for sharp, whose message has a line for every warning; the last that holds words is the reason. */
async function readable<T>(file: string | undefined, bytes: Uint8Array, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    const lines = messageOf(cause).split("\n");
    const reason = lines.findLast((line) => /[a-z]/.test(line) && !line.includes("bad seek"));
    const isUnknown = reason?.includes("unsupported image format");
    const kind = describeKind(bytes);
    if (isUnknown && kind !== IS_PHOTO) throw unreadable(file, "an unknown format", kind ?? READABLE, cause);
    const fault = isUnknown ? "a file without its index" : reason?.replace(NO_REASON, "").trim();
    throw unreadable(file, fault || "a damaged file", "it is cut off or damaged: copy it anew", cause);
  }
}

function unreadable(file: string | undefined, value: string, hint?: string, cause?: unknown): LightsegError {
  return new LightsegError({
    code: "INVALID_IMAGE",
    where: WHERE,
    file,
    argument: "photo",
    rule: "is not an image that can be read",
    value,
    hint,
    cause,
  });
}
