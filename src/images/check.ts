import { invalidArgument } from "../check.ts";
import { LightsegError } from "../errors.ts";
import type { LabelMap, Palette, Photo } from "./types.ts";

/** The most pixels that a photo or a mask may claim, unless the caller says otherwise: 64 megapixels. */
export const MAX_PIXELS = 64_000_000;

/** What a network sees of a photo at most, unless more is asked for: its memory grows with the pixels. */
export const MAX_NETWORK_PIXELS = 2048 * 2048;

/**
 * Checks raw pixels handed in by a caller: 8-bit RGB, `[height, width, 3]`, sides of at least 1.
 *
 * `where` is the function that was called and starts the message.
 * @param hint what else the function takes
 * @throws LightsegError INVALID_IMAGE.
 */
export function checkPhoto(photo: Photo, where: string, hint?: string): void {
  checkRaster(photo, 3, where, "photo", hint);
}

/**
 * Checks a label map handed in by a caller: one byte a pixel, `[height, width]`, sides of at least 1.
 *
 * `where` is the function that was called and starts the message.
 * @throws LightsegError INVALID_IMAGE.
 */
export function checkLabels(labels: LabelMap, where: string): void {
  checkRaster(labels, 1, where, "labels");
}

/**
 * Checks the colors of labels.
 *
 * @throws LightsegError INVALID_ARGUMENT
 */
export function checkPalette(palette: Palette, where: string): void {
  const isByte = (value: unknown) =>
    Number.isInteger(value) && typeof value === "number" && value >= 0 && value <= 255;
  const isColor = (color: unknown) => Array.isArray(color) && color.length === 3 && color.every(isByte);
  if (Array.isArray(palette) && palette.length <= 256 && palette.every(isColor)) return;
  throw invalidArgument(where, "palette", "must be at most 256 colors [red, green, blue] of 0 to 255");
}

/** Callers may come from plain JavaScript, so nothing about the object is taken for granted. */
function checkRaster(
  raster: Photo | LabelMap,
  channels: 1 | 3,
  where: string,
  argument: string,
  others?: string,
): void {
  const { width, height, data }: { width?: unknown; height?: unknown; data?: unknown } = raster ?? {};
  if (width === undefined && data === undefined)
    throw invalid(where, argument, "must have width, height and data", raster, others);
  if (!isSide(width))
    throw invalid(where, `${argument}.width`, "must be a whole number of at least 1", width);
  if (!isSide(height))
    throw invalid(where, `${argument}.height`, "must be a whole number of at least 1", height);
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw invalid(where, `${argument}.data`, "must be a Uint8Array", data);
  }
  const expected = width * height * channels;
  if (data.length === expected) return;
  const size = channels === 3 ? `${width} x ${height} x 3` : `${width} x ${height}`;
  const hint = channels === 3 && data.length === width * height * 4 ? "drop the alpha channel" : undefined;
  throw invalid(where, `${argument}.data`, `must hold ${size} = ${expected} bytes`, data.length, hint);
}

function isSide(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

function invalid(
  where: string,
  argument: string,
  rule: string,
  value: unknown,
  hint?: string,
): LightsegError {
  return new LightsegError({ code: "INVALID_IMAGE", where, argument, rule, value, hint });
}
