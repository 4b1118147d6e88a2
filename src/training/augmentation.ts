import { nearestIn, neighborsIn } from "../grid.ts";
import { IGNORE_LABEL } from "../images/palette.ts";
import type { LabelMap, Photo } from "../images/types.ts";
import type { Preprocessing } from "../models/preprocessing.ts";
import type { Random } from "../random.ts";
import { between } from "./between.ts";
import { type ColorChange, type ColorOptions, changeGamma, drawColorChange } from "./color-change.ts";
import type { LabelledPhoto } from "./samples.ts";

/** How training samples are varied. Bounds are checked with the settings (`settings.ts`). */
export interface AugmentationOptions extends ColorOptions {
  /** The size of what the network sees, `[height, width]` in pixels. */
  readonly crop: readonly [height: number, width: number];
  /** The photo is resized by a factor drawn uniformly from `[min, max]`, greater than 0. */
  readonly scale: readonly [min: number, max: number];
  /** The factor is at least what makes the shorter side this long, in pixels. Default 0: no such limit. */
  readonly shorterSide?: number;
  /** Whether to mirror samples left to right: each with probability 1/2, or `always`. */
  readonly mirror: boolean | "always";
}

/** What the network sees of a sample, a part of a batch. */
export interface Crop {
  /** `[3, h, w]`, normalized. */
  readonly image: Float32Array;
  /** `[h, w]`, 0..classes-1 or 255. */
  readonly target: Int32Array;
}

/**
 * Writes a randomly resized, cropped and mirrored version of a sample into a crop.
 *
 * The photo is interpolated bilinearly, the labels take the nearest pixel. A resized photo smaller than the
 * crop lies at a random place in it. Around it the image is the mean color, about 0 after normalization, and
 * the target the ignore label 255.
 *
 * @param random consumed in a fixed order, so that equal generators give equal results
 */
export function augmentInto(
  sample: LabelledPhoto,
  options: AugmentationOptions,
  random: Random,
  { image, target }: Crop,
): void {
  const { photo, labels } = sample;
  const { rows, columns, color } = drawVariation(photo, photo, options, random);
  fillPadding(image, options.preprocessing);
  target.fill(IGNORE_LABEL);
  writeImage(photo, rows, columns, color, options.preprocessing, image);
  writeTarget(labels, rows, columns, target);
}

/** How a photo, or an object cut out of one, appears in a crop. */
export interface Variation {
  readonly rows: AxisSamples;
  readonly columns: AxisSamples;
  readonly color: ColorChange;
}

/**
 * Draws scale, place, mirroring and color, in this order.
 *
 * @param size of what is resized
 * @param source size of the photo that it belongs to, which `shorterSide` is about
 */
export function drawVariation(
  size: Size,
  source: Size,
  options: AugmentationOptions,
  random: Random,
): Variation {
  const [height, width] = options.crop;
  const shortest = (options.shorterSide ?? 0) / Math.min(source.width, source.height);
  const scale = Math.max(between(options.scale, random), shortest);
  const rows = resampleAxis(size.height, scale, height, random);
  const columns = resampleAxis(size.width, scale, width, random);
  if (options.mirror === "always" || (options.mirror && random() < 0.5)) reverse(columns);
  return { rows, columns, color: drawColorChange(options, random) };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Which source pixels each position of a crop reads, along one axis. */
export interface AxisSamples {
  /** The crop positions that the resized photo covers: begin..end-1; the others are padding. */
  begin: number;
  end: number;
  /** The two pixels to interpolate, and the weight of the second. */
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly weight: Float64Array;
  readonly nearest: Int32Array;
}

/** Resizing by `scale` and then cropping at a random place, without the pixels that the crop leaves out. */
function resampleAxis(sourceSize: number, scale: number, cropSize: number, random: Random): AxisSamples {
  const scaledSize = Math.max(1, Math.round(sourceSize * scale));
  const excess = scaledSize - cropSize;
  // Where the crop begins in the resized photo; negative when the photo lies inside the crop.
  const start = Math.sign(excess) * Math.floor(random() * (Math.abs(excess) + 1));
  const samples: AxisSamples = {
    begin: Math.max(0, -start),
    end: Math.min(cropSize, scaledSize - start),
    low: new Int32Array(cropSize),
    high: new Int32Array(cropSize),
    weight: new Float64Array(cropSize),
    nearest: new Int32Array(cropSize),
  };
  const grids = { inSize: sourceSize, outSize: scaledSize, alignCorners: false };
  for (let position = samples.begin; position < samples.end; position++) {
    const { low, high, share } = neighborsIn(start + position, grids);
    samples.low[position] = low;
    samples.high[position] = high;
    samples.weight[position] = share;
    samples.nearest[position] = nearestIn(start + position, grids);
  }
  return samples;
}

/** Mirrors the crop along the axis. */
function reverse(samples: AxisSamples): void {
  const cropSize = samples.nearest.length;
  [samples.begin, samples.end] = [cropSize - samples.end, cropSize - samples.begin];
  for (const values of [samples.low, samples.high, samples.weight, samples.nearest]) values.reverse();
}

function fillPadding(image: Float32Array, { scale, mean, std }: Preprocessing): void {
  const area = image.length / 3;
  for (let channel = 0; channel < 3; channel++) {
    const channelMean = mean[channel] ?? 0;
    const value = Math.round(channelMean / scale);
    const normalized = (value * scale - channelMean) / (std[channel] ?? 1);
    image.fill(normalized, channel * area, (channel + 1) * area);
  }
}

/** Interpolates, changes the color and normalizes in one pass over the crop. */
export function writeImage(
  photo: Photo,
  rows: AxisSamples,
  columns: AxisSamples,
  { gamma, gain, bias, saturation }: ColorChange,
  { scale, mean, std }: Preprocessing,
  image: Float32Array,
): void {
  const width = columns.nearest.length;
  const area = image.length / 3;
  const data = gamma === 1 ? photo.data : changeGamma(photo.data, gamma);
  for (let y = rows.begin; y < rows.end; y++) {
    const top = (rows.low[y] ?? 0) * photo.width;
    const bottom = (rows.high[y] ?? 0) * photo.width;
    const down = rows.weight[y] ?? 0;
    for (let x = columns.begin; x < columns.end; x++) {
      const left = columns.low[x] ?? 0;
      const right = columns.high[x] ?? 0;
      const across = columns.weight[x] ?? 0;
      const a = 3 * (top + left);
      const b = 3 * (top + right);
      const c = 3 * (bottom + left);
      const d = 3 * (bottom + right);
      const red = bilinear(data, a, b, c, d, across, down) * gain + bias[0];
      const green = bilinear(data, a + 1, b + 1, c + 1, d + 1, across, down) * gain + bias[1];
      const blue = bilinear(data, a + 2, b + 2, c + 2, d + 2, across, down) * gain + bias[2];

      const gray = (0.299 * red + 0.587 * green + 0.114 * blue) * (1 - saturation);
      const pixel = y * width + x;
      image[pixel] = (clip(red * saturation + gray) * scale - mean[0]) / std[0];
      image[area + pixel] = (clip(green * saturation + gray) * scale - mean[1]) / std[1];
      image[2 * area + pixel] = (clip(blue * saturation + gray) * scale - mean[2]) / std[2];
    }
  }
}

/** Interpolates between the values at the indices a b (upper row) and c d (lower row). */
export function bilinear(
  data: Uint8Array,
  a: number,
  b: number,
  c: number,
  d: number,
  across: number,
  down: number,
): number {
  const upperLeft = data[a] ?? 0;
  const lowerLeft = data[c] ?? 0;
  const upper = upperLeft + ((data[b] ?? 0) - upperLeft) * across;
  const lower = lowerLeft + ((data[d] ?? 0) - lowerLeft) * across;
  return upper + (lower - upper) * down;
}

function writeTarget(labels: LabelMap, rows: AxisSamples, columns: AxisSamples, target: Int32Array): void {
  const width = columns.nearest.length;
  for (let y = rows.begin; y < rows.end; y++) {
    const row = (rows.nearest[y] ?? 0) * labels.width;
    for (let x = columns.begin; x < columns.end; x++) {
      target[y * width + x] = labels.data[row + (columns.nearest[x] ?? 0)] ?? IGNORE_LABEL;
    }
  }
}

function clip(value: number): number {
  return Math.min(Math.max(value, 0), 255);
}
