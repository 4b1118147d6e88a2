import { checkKeys, checkRange } from "../check.ts";
import { LightsegError } from "../errors.ts";
import { checkLabels, checkPalette, checkPhoto } from "./check.ts";
import { IGNORE_LABEL, VOID_COLOR } from "./palette.ts";
import type { LabelMap, Palette, Photo } from "./types.ts";

const WHERE = "drawOverlay";

/** The share of white in contours: palettes have dark colors, whose full tone would not stand out. */
const CONTOUR_WHITE = 0.6;

/** Options of `drawOverlay`. */
export interface OverlayOptions {
  /** The share of the label color in each pixel, 0 to 1; default 0.5. */
  opacity?: number;
  /** Whether the borders between labels are drawn, 1 pixel on each side; default true. */
  contours?: boolean;
}

/**
 * Paints a photo with the colors of its labels and returns a new photo of the same size.
 *
 * Borders between labels are drawn in a light tone of the label on each side. Pixels with the ignore
 * label, 255, keep their own color. Labels beyond the palette get the color (224, 224, 192).
 * @throws LightsegError INVALID_IMAGE for malformed pixels or sizes that differ, INVALID_ARGUMENT for an
 * opacity outside 0 to 1.
 */
export function drawOverlay(
  photo: Photo,
  labels: LabelMap,
  palette: Palette,
  options: OverlayOptions = {},
): Photo {
  checkKeys(options, ["opacity", "contours"], WHERE);
  const { opacity = 0.5, contours = true } = options;
  checkInputs(photo, labels, opacity);
  checkPalette(palette, WHERE);
  const { width, height } = photo;
  const data = Uint8Array.from(photo.data);
  for (let pixel = 0; pixel < labels.data.length; pixel++) {
    const label = labels.data[pixel] ?? IGNORE_LABEL;
    if (label === IGNORE_LABEL) continue;
    const color = palette[label] ?? VOID_COLOR;
    const isContour = contours && isOnBorder(labels, pixel);
    for (let channel = 0; channel < 3; channel++) {
      const at = pixel * 3 + channel;
      const value = color[channel] ?? 0;
      data[at] = isContour ? blend(value, 255, CONTOUR_WHITE) : blend(data[at] ?? 0, value, opacity);
    }
  }
  return { width, height, data };
}

function checkInputs(photo: Photo, labels: LabelMap, opacity: number): void {
  checkPhoto(photo, WHERE);
  checkLabels(labels, WHERE);
  if (labels.width !== photo.width || labels.height !== photo.height) {
    throw new LightsegError({
      code: "INVALID_IMAGE",
      where: WHERE,
      argument: "labels",
      rule: `must be as large as the photo, ${photo.width} x ${photo.height}`,
      value: `${labels.width} x ${labels.height}`,
    });
  }
  checkRange(opacity, WHERE, "opacity", [0, 1]);
}

/** Whether the pixel to the left, right, top or bottom has another label. */
function isOnBorder(labels: LabelMap, pixel: number): boolean {
  const { width, data } = labels;
  const label = data[pixel];
  const x = pixel % width;
  return (
    (x > 0 && data[pixel - 1] !== label) ||
    (x < width - 1 && data[pixel + 1] !== label) ||
    (pixel >= width && data[pixel - width] !== label) ||
    (pixel + width < data.length && data[pixel + width] !== label)
  );
}

function blend(below: number, above: number, share: number): number {
  return Math.round(below + share * (above - below));
}
