import { jpegUri, pngUri } from "../images/node/data-uri.ts";
import { drawOverlay } from "../images/overlay.ts";
import { IGNORE_LABEL, VOID_COLOR } from "../images/palette.ts";
import { resizeLabels, shrinkPhoto } from "../images/resample.ts";
import type { LabelMap, Palette, Photo } from "../images/types.ts";
import type { Sample } from "./dataset.ts";

/** Large enough to see outlines, small enough for many on one page. */
const MAX_PANEL_PIXELS = 160_000;
const DARK = [40, 40, 40] as const;
const LIGHT = [224, 224, 224] as const;

/** Three pictures of a sample as `data:` addresses, all of one size. */
export interface SamplePanels {
  readonly width: number;
  readonly height: number;
  readonly photo: string;
  /** The color of each label; stripes where pixels are ignored. */
  readonly mask: string;
  /** Photo and labels together; thin stripes where pixels are ignored. */
  readonly overlay: string;
}

/** Draws a sample, shrunk to at most 160 000 pixels. */
export async function drawPanels(sample: Sample, palette: Palette): Promise<SamplePanels> {
  const photo = shrinkPhoto(sample.photo, MAX_PANEL_PIXELS);
  const { width, height } = photo;
  const labels = resizeLabels(sample.labels, width, height);
  return {
    width,
    height,
    photo: await jpegUri(photo),
    mask: await pngUri(drawMask(labels, palette)),
    overlay: await jpegUri(drawSample(photo, labels, palette)),
  };
}

/** The color of each label; ignored pixels in stripes, 4 pixels dark and 4 light. */
export function drawMask(labels: LabelMap, palette: Palette): Photo {
  const { width, height } = labels;
  const data = new Uint8Array(3 * width * height);
  for (const [pixel, label] of labels.data.entries()) {
    const stripe = stripeAt(pixel, width) < 4 ? DARK : LIGHT;
    data.set(label === IGNORE_LABEL ? stripe : (palette[label] ?? VOID_COLOR), 3 * pixel);
  }
  return { width, height, data };
}

/** An overlay on which ignored pixels are striped too: 2 pixels dark, 2 light, 4 of the photo. */
export function drawSample(photo: Photo, labels: LabelMap, palette: Palette): Photo {
  const overlay = drawOverlay(photo, labels, palette);
  for (const [pixel, label] of labels.data.entries()) {
    const stripe = stripeAt(pixel, photo.width);
    if (label === IGNORE_LABEL && stripe < 4) overlay.data.set(stripe < 2 ? DARK : LIGHT, 3 * pixel);
  }
  return overlay;
}

/** The place of a pixel across diagonal stripes, 0..7. */
function stripeAt(pixel: number, width: number): number {
  return ((pixel % width) + Math.floor(pixel / width)) % 8;
}
