import type { LabelMap } from "../images/types.ts";

/** For each pixel, the distance to the nearest pixel of a label in its column; infinity without one. */
export interface ColumnDistances {
  readonly width: number;
  readonly data: Float32Array;
}

/**
 * The first half of an exact Euclidean distance transform: distances along columns, `[H, W]`.
 *
 * The second half, along rows, is `isNear`, for single pixels. Outlines are a small part of an image, so this
 * is faster than the transform of the whole.
 */
export function columnDistances({ width, height, data }: LabelMap, label: number): ColumnDistances {
  const distances = new Float32Array(data.length);
  for (let pixel = 0; pixel < data.length; pixel++) {
    const above = pixel < width ? Number.POSITIVE_INFINITY : (distances[pixel - width] ?? 0);
    distances[pixel] = data[pixel] === label ? 0 : above + 1;
  }
  for (let pixel = width * (height - 1) - 1; pixel >= 0; pixel--) {
    distances[pixel] = Math.min(distances[pixel] ?? 0, (distances[pixel + width] ?? 0) + 1);
  }
  return { width, data: distances };
}

/** Whether a pixel of the label lies within the radius, between centers: d(x')² + (x - x')² <= r². */
export function isNear({ width, data }: ColumnDistances, pixel: number, radius: number): boolean {
  const x = pixel % width;
  const rowStart = pixel - x;
  const squared = radius * radius;
  const last = Math.min(width - 1, Math.floor(x + radius));
  for (let column = Math.max(0, Math.ceil(x - radius)); column <= last; column++) {
    const vertical = data[rowStart + column] ?? 0;
    if (vertical * vertical + (x - column) ** 2 <= squared) return true;
  }
  return false;
}
