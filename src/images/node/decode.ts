import { readFile, stat } from "node:fs/promises";
import type { Metadata, SharpOptions } from "sharp";
import sharp from "sharp";
import { checkInteger } from "../../check.ts";
import { LightsegError, messageOf, systemCodeOf } from "../../errors.ts";
import { MAX_PIXELS } from "../check.ts";
import type { Photo } from "../types.ts";

const WHERE = "decodePhoto";
const READABLE = "jpeg, png, webp, tiff, gif and avif photos can be read";

const SHARP_OPTIONS: SharpOptions = {
  // The strictest level: anything laxer turns a cut or damaged file into a photo that is partly grey.
  failOn: "warning",
  autoOrient: true,
  // The size is checked against maxPixels from the header, with a message that tells the claimed size.
  limitInputPixels: false,
};

/**
 * Reads a photo from a file or from the bytes of one, as 8-bit sRGB, `[height, width, 3]`.
 *
 * JPEG, PNG, WebP, TIFF, GIF and AVIF are read. The EXIF orientation is applied; gray, CMYK and 16-bit
 * photos and embedded colour profiles are converted; transparency is composited on white; of an
 * animation or a multi-page file the first frame is taken.
 *
 * `maxPixels` (default 64 million) limits the size that the header may claim, before anything is decoded.
 *
 * Throws a LightsegError: NOT_FOUND when there is no such file; INVALID_IMAGE when it is a folder, empty,
 * cut short, damaged, too large or not a photo; INVALID_ARGUMENT for anything but a path or bytes.
 */
export async function decodePhoto(
  source: string | Uint8Array,
  options: { maxPixels?: number } = {},
): Promise<Photo> {
  const { maxPixels = MAX_PIXELS } = options;
  checkInteger(maxPixels, WHERE, "maxPixels");
  const name = typeof source === "string" ? source : "bytes";
  const bytes = typeof source === "string" ? await readPhotoFile(source) : source;
  if (!(bytes instanceof Uint8Array)) {
    throw new LightsegError({
      code: "INVALID_ARGUMENT",
      where: WHERE,
      argument: "source",
      rule: "must be a path or a Uint8Array",
      value: typeof bytes,
    });
  }
  if (bytes.length === 0) throw unreadable(name, "an empty file");

  const header = await readable(name, sharp(bytes, SHARP_OPTIONS).metadata());
  checkFormat(name, header);
  checkSize(name, header, maxPixels);

  const decoding = sharp(bytes, SHARP_OPTIONS)
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const { data, info } = await readable(name, decoding);
  return {
    width: info.width,
    height: info.height,
    data: new Uint8Array(data.buffer, data.byteOffset, data.length),
  };
}

async function readPhotoFile(path: string): Promise<Uint8Array> {
  try {
    const status = await stat(path);
    if (status.isDirectory()) throw unreadable(path, "a folder");
    // A pipe or a device could keep the reader waiting for ever.
    if (!status.isFile()) throw unreadable(path, "something that is not a regular file");
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof LightsegError) throw cause;
    if (["ENOENT", "ENOTDIR"].includes(systemCodeOf(cause))) {
      throw new LightsegError({
        code: "NOT_FOUND",
        where: WHERE,
        argument: path,
        rule: "does not exist",
        cause,
      });
    }
    throw unreadable(path, messageOf(cause), undefined, cause);
  }
}

function checkFormat(name: string, header: Metadata): void {
  const { format, compression } = header;
  const isAvif = format === "heif" && compression === "av1";
  if (isAvif || ["jpeg", "png", "webp", "tiff", "gif"].includes(format)) return;
  throw unreadable(name, `the format ${format}`, READABLE);
}

function checkSize(name: string, header: Metadata, maxPixels: number): void {
  const { width, height } = header;
  if (width * height <= maxPixels) return;
  throw new LightsegError({
    code: "INVALID_IMAGE",
    where: WHERE,
    argument: name,
    rule: `must have at most ${maxPixels} pixels`,
    value: `${width} x ${height} = ${width * height}`,
    hint: "shrink it first",
  });
}

/** Waits for sharp, whose message has a line for every warning; the last that holds words is the reason. */
async function readable<T>(name: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    const lines = messageOf(cause).split("\n");
    const reason = lines.findLast((line) => /[a-z]/.test(line) && !line.includes("bad seek"));
    if (reason?.includes("unsupported image format"))
      throw unreadable(name, "an unknown format", READABLE, cause);
    throw unreadable(name, reason?.trim() ?? "a damaged file", undefined, cause);
  }
}

function unreadable(name: string, value: string, hint?: string, cause?: unknown): LightsegError {
  return new LightsegError({
    code: "INVALID_IMAGE",
    where: WHERE,
    argument: name,
    rule: "is not an image that can be read",
    value,
    hint,
    cause,
  });
}
