import { checkInteger } from "../check.ts";
import type { Color, Palette } from "./types.ts";

/** The label of pixels that belong to no class. Training and metrics leave them out. */
export const IGNORE_LABEL = 255;

/** The color of labels that have none of their own, PASCAL VOC's cream for void pixels. */
export const VOID_COLOR = [224, 224, 192] as const;

/**
 * The PASCAL VOC color map: `size` colors (1 to 256, default 256), the first for label 0.
 *
 * Three bits of the label at a time go to red, green and blue, filling each channel from its
 * highest bit down, so that neighboring labels get clearly different colors.
 * @throws LightsegError INVALID_ARGUMENT when `size` is out of range.
 */
export function vocPalette(size = 256): Palette {
  checkInteger(size, "vocPalette", "size", 1, 256);
  return Array.from({ length: size }, (_, label) => vocColor(label));
}

function vocColor(label: number): Color {
  let red = 0;
  let green = 0;
  let blue = 0;
  for (let bits = label, shift = 7; bits > 0; bits >>= 3, shift -= 1) {
    red |= (bits & 1) << shift;
    green |= ((bits >> 1) & 1) << shift;
    blue |= ((bits >> 2) & 1) << shift;
  }
  return [red, green, blue];
}
