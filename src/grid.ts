/**
 * Where the pixels of one grid lie in another, along one axis: the coordinates of PyTorch's `interpolate`.
 *
 * A position is counted in pixels of the grid that is read: 0 is the center of its first pixel, `inSize - 1`
 * that of its last.
 */

/** A grid that is read and a grid that is made from it, over the same picture and along one axis. */
export interface Grids {
  /** Pixels of the grid that is read, at least 1. */
  readonly inSize: number;
  /** Pixels of the grid that is made, at least 1. */
  readonly outSize: number;
  /** PyTorch's `align_corners`: centers of corner pixels coincide; else the picture's edges do. */
  readonly alignCorners: boolean;
}

/** The two pixels around a position. */
export interface Neighbors {
  readonly low: number;
  /** `low + 1`, or `low` at the last pixel. */
  readonly high: number;
  /** The weight of `high` in linear interpolation, 0 to below 1; that of `low` is the rest. */
  readonly share: number;
}

type Sizes = Pick<Grids, "inSize" | "outSize">;

/** How far the center of an output pixel lies from the edge of the picture, in input pixels. */
export function centerIn(pixel: number, { inSize, outSize }: Sizes): number {
  return ((pixel + 0.5) * inSize) / outSize;
}

/** The position of an output pixel, which may lie up to half a pixel outside; `pixel` may be a fraction. */
export function positionIn(pixel: number, { inSize, outSize, alignCorners }: Grids): number {
  if (alignCorners) return (pixel * (inSize - 1)) / Math.max(1, outSize - 1);
  return centerIn(pixel, { inSize, outSize }) - 0.5;
}

/** The input pixels that an output pixel lies between; the edge is repeated. */
export function neighborsIn(pixel: number, grids: Grids): Neighbors {
  const last = grids.inSize - 1;
  const position = Math.min(last, Math.max(0, positionIn(pixel, grids)));
  const low = Math.floor(position);
  return { low, high: Math.min(low + 1, last), share: position - low };
}

/** The input pixel that the center of an output pixel lies in. */
export function nearestIn(pixel: number, sizes: Sizes): number {
  return Math.floor(centerIn(pixel, sizes));
}
