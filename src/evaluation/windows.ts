import { centerIn } from "../grid.ts";

/** A window along one axis of a scaled photo, and the photo's pixels that lie in it. */
export interface Span {
  /** Where the window begins, in pixels of the scaled photo. */
  readonly offset: number;
  /** In pixels of the scaled photo; more than it has where it is smaller than the window. */
  readonly length: number;
  /** The photo's first pixel whose center lies in the window. */
  readonly start: number;
  /** Centers of the pixels from `start` on, in the window's pixels: its first center is 0. */
  readonly positions: Float64Array;
  /** For each of these pixels 1 / the number of windows that it lies in. */
  readonly weights: Float32Array;
}

/**
 * Covers one axis of a photo with a window every `stride` pixels. The last is shifted inwards to end with the
 * photo.
 *
 * @param options.extent pixels of the photo
 * @param options.scaled pixels of the scaled photo that the network sees
 * @param options.window pixels of a window; defaults to one window, all of the scaled photo
 * @param options.stride 1..window
 */
export function coverAxis({
  extent,
  scaled,
  window = scaled,
  stride = window,
}: {
  extent: number;
  scaled: number;
  window?: number;
  stride?: number;
}): Span[] {
  const last = Math.max(0, scaled - window);
  const offsets = Array.from({ length: Math.ceil(last / stride) + 1 }, (_, i) => Math.min(i * stride, last));
  const sizes = { inSize: scaled, outSize: extent };
  const centers = Float64Array.from({ length: extent }, (_, pixel) => centerIn(pixel, sizes));
  const firstFrom = (edge: number) => {
    const index = centers.findIndex((center) => center >= edge);
    return index < 0 ? extent : index;
  };
  const ranges = offsets.map((offset) => ({
    offset,
    start: firstFrom(offset),
    end: firstFrom(offset + window),
  }));
  const covering = new Float32Array(extent);
  for (const { start, end } of ranges) {
    for (let pixel = start; pixel < end; pixel++) covering[pixel] = (covering[pixel] ?? 0) + 1;
  }
  return ranges.map(({ offset, start, end }) => ({
    offset,
    length: window,
    start,
    positions: centers.slice(start, end).map((center) => center - offset - 0.5),
    weights: covering.slice(start, end).map((number) => 1 / number),
  }));
}
