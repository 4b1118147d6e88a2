/** How scores between the network's own are found: `bilinear`, or `bicubic` as OpenCV's INTER_CUBIC. */
export type Upsampling = "bilinear" | "bicubic";

/** For each of a row of places: the samples it is made of, and their weights, which add up to 1. */
export interface InterpolationWeights {
  /** Samples a place: 2 or 4. */
  readonly count: number;
  /** `[places, count]` */
  readonly indices: Int32Array;
  /** `[places, count]` */
  readonly weights: Float32Array;
}

/** Sharpness of the cubic kernel (Keys' a), as in OpenCV and PyTorch. */
const CUBIC = -0.75;

/**
 * The samples of places along one axis of a score map; samples beyond its ends are those at the ends.
 *
 * @param positions where the places lie, in samples: 0 is the center of the first, `size - 1` that of the
 *   last
 */
export function interpolationWeights(
  positions: Float64Array,
  size: number,
  upsampling: Upsampling,
): InterpolationWeights {
  const count = upsampling === "bilinear" ? 2 : 4;
  const indices = new Int32Array(positions.length * count);
  const weights = new Float32Array(positions.length * count);
  for (const [place, position] of positions.entries()) {
    const below = Math.floor(position);
    const fraction = position - below;
    const first = below + 1 - count / 2;
    for (let tap = 0; tap < count; tap++) {
      indices[place * count + tap] = Math.min(size - 1, Math.max(0, first + tap));
      const distance = Math.abs(position - (first + tap));
      weights[place * count + tap] =
        upsampling === "bilinear" ? (tap === 0 ? 1 - fraction : fraction) : cubicWeight(distance);
    }
  }
  return { count, indices, weights };
}

/** Keys' kernel for distances 0..2. */
function cubicWeight(distance: number): number {
  if (distance <= 1) return ((CUBIC + 2) * distance - (CUBIC + 3)) * distance * distance + 1;
  return ((CUBIC * distance - 5 * CUBIC) * distance + 8 * CUBIC) * distance - 4 * CUBIC;
}
