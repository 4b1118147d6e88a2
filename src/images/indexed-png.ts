import { encode } from "fast-png";
import { checkLabels, checkPalette } from "./check.ts";
import { VOID_COLOR } from "./palette.ts";
import type { LabelMap, Palette } from "./types.ts";

/**
 * Writes labels as an 8-bit palette PNG, which `decodeMask` reads back to the same labels.
 *
 * The palette may have up to 256 colors, 0 to 255 each; labels beyond it, such as 255 for ignored pixels,
 * get the color (224, 224, 192).
 * @throws LightsegError INVALID_IMAGE for malformed labels, INVALID_ARGUMENT for a malformed palette.
 */
export function encodeIndexedPng(labels: LabelMap, palette: Palette): Uint8Array {
  checkLabels(labels, "encodeIndexedPng");
  checkPalette(palette, "encodeIndexedPng");
  const { width, height, data } = labels;
  const colors = Array.from({ length: 256 }, (_, label) => [...(palette[label] ?? VOID_COLOR)]);
  return encode({ width, height, data, depth: 8, channels: 1, palette: colors });
}
