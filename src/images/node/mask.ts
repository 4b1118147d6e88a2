import type { LabelMap } from "../types.ts";
import { decodePng, invalidMask } from "./png.ts";

/**
 * Reads the labels of a gray or palette PNG of 1, 2, 4 or 8 bits, `[height, width]`, one raw index a pixel.
 *
 * Gray values are not scaled and palette indices are not turned into colors: the number stored is the label.
 *
 * @param file named in errors
 * @throws LightsegError INVALID_IMAGE when the bytes are not a PNG, are cut short or damaged where labels
 *   are, claim more than 64 million pixels, or hold color, alpha or 16-bit values
 */
export function decodeMask(bytes: Uint8Array, file: string): LabelMap {
  if (!(bytes instanceof Uint8Array)) throw invalidMask(file, "must be the bytes of a PNG", bytes);
  const { width, height, samples } = decodePng(bytes, file, ({ kind, depth }) => {
    if (kind !== "gray" && kind !== "palette") {
      const hint = "store the class index of each pixel, not its color";
      throw invalidMask(file, "must be a gray or palette PNG", kind, hint);
    }
    if (depth > 8) throw invalidMask(file, "must have at most 8 bits a pixel", depth, "labels are 0 to 255");
  });
  return { width, height, data: samples };
}
