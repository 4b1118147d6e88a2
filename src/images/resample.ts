import { checkInteger } from "../check.ts";
import { nearestIn, neighborsIn } from "../grid.ts";
import { checkLabels, checkPhoto } from "./check.ts";
import type { LabelMap, Photo } from "./types.ts";

/** For each output position: the two input positions around it, and the weight of the second. */
interface AxisNeighbors {
  lower: Int32Array;
  upper: Int32Array;
  weight: Float32Array;
}

/**
 * Resizes a photo to `[height, width, 3]` by bilinear interpolation, rounded to the nearest byte.
 *
 * Pixel centers lie at half integers (align_corners = false), the edge is repeated, and nothing is
 * smoothed before shrinking. At the same size the result is an equal copy.
 * @throws LightsegError INVALID_IMAGE for a malformed photo, INVALID_ARGUMENT for a size below 1.
 */
export function resizePhoto(photo: Photo, width: number, height: number): Photo {
  checkPhoto(photo, "resizePhoto");
  checkInteger(width, "resizePhoto", "width");
  checkInteger(height, "resizePhoto", "height");
  const columns = axisNeighbors(photo.width, width);
  const rows = axisNeighbors(photo.height, height);
  const data = new Uint8Array(width * height * 3);

  // Each input row is stretched to the output width once, and kept while output rows lie next to it.
  let above = { y: -1, values: new Float32Array(width * 3) };
  let below = { y: -1, values: new Float32Array(width * 3) };
  for (let y = 0, out = 0; y < height; y++) {
    const top = rows.lower[y] ?? 0;
    const bottom = rows.upper[y] ?? 0;
    if (below.y === top) [above, below] = [below, above];
    if (above.y !== top) {
      stretchRow(photo, top, columns, above.values);
      above.y = top;
    }
    if (below.y !== bottom) {
      stretchRow(photo, bottom, columns, below.values);
      below.y = bottom;
    }
    const weight = rows.weight[y] ?? 0;
    const first = above.values;
    const second = below.values;
    for (let i = 0; i < first.length; i++) {
      const a = first[i] ?? 0;
      data[out++] = a + weight * ((second[i] ?? 0) - a) + 0.5;
    }
  }
  return { width, height, data };
}

/** The largest size of the same shape with at most so many pixels; its own where that is small enough. */
export function sizeWithin(
  { width, height }: { width: number; height: number },
  maxPixels: number,
): { width: number; height: number } {
  const ratio = Math.min(1, Math.sqrt(maxPixels / (width * height)));
  // Where one side is but a pixel, the other has all that there may be.
  const shrink = (side: number) =>
    ratio === 1 ? side : Math.min(maxPixels, Math.max(1, Math.floor(side * ratio)));
  return { width: shrink(width), height: shrink(height) };
}

/**
 * Shrinks a photo to at most `maxPixels`, keeping its shape; returns it as it is where it is small enough.
 *
 * Halves by averages of 2 x 2 pixels while the result stays larger, which avoids aliasing, then resizes.
 * @throws LightsegError INVALID_IMAGE for a malformed photo, INVALID_ARGUMENT for a limit below 1.
 */
export function shrinkPhoto(photo: Photo, maxPixels: number): Photo {
  checkInteger(maxPixels, "shrinkPhoto", "maxPixels");
  const { width, height } = sizeWithin(photo, maxPixels);
  if (width === photo.width && height === photo.height) return photo;
  let halved = photo;
  while (halved.width >= 2 * width && halved.height >= 2 * height) {
    // Half-pixel centers make halving an average of 2 x 2 where the sides are even, nearly so where not.
    halved = resizePhoto(halved, halved.width >> 1, halved.height >> 1);
  }
  return resizePhoto(halved, width, height);
}

/**
 * Resizes labels to `[height, width]` by taking the nearest input pixel, `floor((out + 0.5) * in size / out
 * size)`.
 *
 * No label appears that was not there before. At the same size the result is an equal copy.
 * @throws LightsegError INVALID_IMAGE for malformed labels, INVALID_ARGUMENT for a size below 1.
 */
export function resizeLabels(labels: LabelMap, width: number, height: number): LabelMap {
  checkLabels(labels, "resizeLabels");
  checkInteger(width, "resizeLabels", "width");
  checkInteger(height, "resizeLabels", "height");
  const source = labels.data;
  const columns = nearestPositions(labels.width, width);
  const rows = nearestPositions(labels.height, height);
  const data = new Uint8Array(width * height);
  for (let y = 0, out = 0; y < height; y++) {
    const start = (rows[y] ?? 0) * labels.width;
    for (let x = 0; x < width; x++) data[out++] = source[start + (columns[x] ?? 0)] ?? 0;
  }
  return { width, height, data };
}

function axisNeighbors(inSize: number, outSize: number): AxisNeighbors {
  const axis: AxisNeighbors = {
    lower: new Int32Array(outSize),
    upper: new Int32Array(outSize),
    weight: new Float32Array(outSize),
  };
  for (let i = 0; i < outSize; i++) {
    const { low, high, share } = neighborsIn(i, { inSize, outSize, alignCorners: false });
    axis.lower[i] = low;
    axis.upper[i] = high;
    axis.weight[i] = share;
  }
  return axis;
}

function stretchRow(photo: Photo, y: number, columns: AxisNeighbors, row: Float32Array): void {
  const { lower, upper, weight } = columns;
  const { data } = photo;
  const start = y * photo.width * 3;
  for (let x = 0, out = 0; x < weight.length; x++) {
    const left = start + (lower[x] ?? 0) * 3;
    const right = start + (upper[x] ?? 0) * 3;
    const w = weight[x] ?? 0;
    for (let channel = 0; channel < 3; channel++) {
      const a = data[left + channel] ?? 0;
      row[out++] = a + w * ((data[right + channel] ?? 0) - a);
    }
  }
}

function nearestPositions(inSize: number, outSize: number): Int32Array {
  return Int32Array.from({ length: outSize }, (_, i) => nearestIn(i, { inSize, outSize }));
}
