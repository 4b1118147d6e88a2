import { checkChoice, checkKeys, invalidArgument } from "../check.ts";
import { checkSegmentation } from "../inference/check-segmentation.ts";
import type { Segmentation } from "../inference/segmenter.ts";
import { exponentiateAt, findClass } from "../inference/soft-mask.ts";
import type { Look } from "./painting/look.ts";
import { SegmentationPainter } from "./painting/segmentation-painter.ts";

/** What of a segmentation is drawn. */
export interface DrawOptions {
  /**
   * `overlay`: the photo in a look; `labels`: the colors of the classes alone; `mask`: the soft mask in white
   * on black, if `softMask` was asked for. Defaults to `overlay`.
   */
  show?: "overlay" | "labels" | "mask";
  /** Of an overlay. Defaults to half transparent colors. */
  look?: Look;
}

/**
 * The pixels of one class: 255 where it is, 0 elsewhere, row-major `[H, W]`.
 *
 * @throws LightsegError INVALID_ARGUMENT for a class that the model does not have
 */
export function classMask(segmentation: Segmentation, name: string | number): Uint8Array {
  checkSegmentation(segmentation, "classMask");
  const { labels, classes } = segmentation;
  const wanted = findClass(name, classes, "classMask");
  return labels.map((label) => (label === wanted ? 255 : 0));
}

/** A class and how likely it is at some place. */
export interface ClassProbability {
  readonly label: number;
  readonly name: string;
  /** 0..1; those of all classes sum up to 1. */
  readonly probability: number;
}

/**
 * How likely each class is around a point, the likeliest first: mean softmax probability over a square, from
 * the scores at the decoder's resolution.
 *
 * @param point in pixels of the picture; half the square's side is `radius`, by default 8
 * @throws LightsegError INVALID_ARGUMENT if `scores` were not asked for
 */
export function probabilitiesAt(
  segmentation: Segmentation,
  point: { x: number; y: number; radius?: number },
): ClassProbability[] {
  checkSegmentation(segmentation, "probabilitiesAt");
  checkKeys(point, ["x", "y", "radius"], "probabilitiesAt");
  const { width, height, classes, scores } = segmentation;
  const { x, y, radius = 8 } = point;
  if (!scores) {
    throw invalidArgument("probabilitiesAt", "segmentation", "must have scores: ask segment for them");
  }
  const [, , h = 0, w = 0] = scores.shape;
  const range = (center: number, size: number, count: number) => {
    const place = (at: number) => Math.min(count - 1, Math.max(0, Math.floor((at * count) / size)));
    return [place(center - radius), place(center + radius)] as const;
  };
  const [left, right] = range(x, width, w);
  const [top, bottom] = range(y, height, h);
  const sums = new Float64Array(classes.length);
  const powers = new Float64Array(classes.length);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const sum = exponentiateAt(scores, row * w + column, powers);
      for (const [c, power] of powers.entries()) sums[c] = (sums[c] ?? 0) + power / sum;
    }
  }
  const places = (right - left + 1) * (bottom - top + 1);
  return classes
    .map((name, label) => ({ label, name, probability: (sums[label] ?? 0) / places }))
    .sort((a, b) => b.probability - a.probability);
}

/**
 * Draws a segmentation on a canvas of its own.
 *
 * @throws LightsegError INVALID_ARGUMENT for a mask that was not asked for, an unknown option, `show` or look
 */
export function toCanvas(segmentation: Segmentation, options: DrawOptions = {}): OffscreenCanvas {
  checkSegmentation(segmentation, "toCanvas");
  checkKeys(options, ["show", "look"], "toCanvas");
  const { show = "overlay", look = {} } = options;
  checkChoice(show, ["overlay", "labels", "mask"], "toCanvas", "show");
  const { width, height, palette, labels } = segmentation;
  if (show === "mask") {
    const mask = requireMask(segmentation, "toCanvas");
    return fill(segmentation, (at) => [mask[at] ?? 0, mask[at] ?? 0, mask[at] ?? 0, 255]);
  }
  if (show === "labels") return fill(segmentation, (at) => [...(palette[labels[at] ?? 0] ?? [0, 0, 0]), 255]);
  const canvas = new OffscreenCanvas(width, height);
  new SegmentationPainter(canvas).paint(drawPhoto(segmentation), segmentation, look);
  return canvas;
}

/** Draws a segmentation as a PNG. @throws LightsegError as `toCanvas` does */
export async function toBlob(segmentation: Segmentation, options: DrawOptions = {}): Promise<Blob> {
  return toCanvas(segmentation, options).convertToBlob({ type: "image/png" });
}

/** Draws a segmentation as an ImageBitmap. @throws LightsegError as `toCanvas` does */
export function toImageBitmap(segmentation: Segmentation, options: DrawOptions = {}): ImageBitmap {
  return toCanvas(segmentation, options).transferToImageBitmap();
}

/**
 * The photo with the soft mask as its transparency, as a PNG: what `Segmenter.cutout` gives.
 *
 * @throws LightsegError INVALID_ARGUMENT if `softMask` was not asked for
 */
export async function cutoutBlob(segmentation: Segmentation): Promise<Blob> {
  const mask = requireMask(segmentation, "cutoutBlob");
  const { data } = segmentation.photo;
  const canvas = fill(segmentation, (at) => [
    data[3 * at] ?? 0,
    data[3 * at + 1] ?? 0,
    data[3 * at + 2] ?? 0,
    mask[at] ?? 0,
  ]);
  return canvas.convertToBlob({ type: "image/png" });
}

function drawPhoto(segmentation: Segmentation): OffscreenCanvas {
  const { data } = segmentation.photo;
  return fill(segmentation, (at) => [data[3 * at] ?? 0, data[3 * at + 1] ?? 0, data[3 * at + 2] ?? 0, 255]);
}

/** A canvas whose pixels, by index, have these colors with alpha. */
function fill({ width, height }: Segmentation, color: (at: number) => ArrayLike<number>): OffscreenCanvas {
  const pixels = new ImageData(width, height);
  for (let at = 0; at < width * height; at++) pixels.data.set(color(at), 4 * at);
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return canvas;
}

function requireMask(segmentation: Segmentation, where: string): Uint8Array {
  checkSegmentation(segmentation, where);
  if (segmentation.softMask) return segmentation.softMask;
  const rule = "must have a soft mask: name its classes in the option softMask of segment";
  throw invalidArgument(where, "segmentation", rule);
}
