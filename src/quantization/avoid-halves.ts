import type { Quantization } from "../graph/ops/quantize.ts";

const LEVELS = 256;
/** Number of scales to try, each larger by this share: 0.4 % in all, too little to matter for the range. */
const TRIES = 4096;
const STEP = 1e-6;

/**
 * The quantization of a sum of two quantized maps, with a scale at which every engine rounds alike.
 *
 * A sum of levels a and b is `(scaleA (a - zeroA) + scaleB (b - zeroB)) / scale + zero`, rounded. Engines
 * compute it in float32 in different orders, which changes the last bits. Near a rounding tie they then round
 * differently; 0.1 % of such values changed 1 % of the labels. There are at most 256 x 256 sums. The chosen
 * scale keeps all of them as far from ties as possible: some ten thousandths of a step, five times the
 * float32 error.
 */
export function avoidHalves(
  sum: Quantization,
  terms: readonly [a: Quantization, b: Quantization],
): Quantization {
  let chosen = sum;
  let farthest = 0;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const candidate = { ...sum, scale: Math.fround(sum.scale * (1 + attempt * STEP)) };
    const distance = distanceToHalves(candidate, terms, farthest);
    if (distance > farthest) [chosen, farthest] = [candidate, distance];
  }
  return chosen;
}

/**
 * How near a sum of two levels comes to the middle between two levels of the result, in steps of it.
 *
 * @param enough where it is certain to be at most that, the search ends
 */
export function distanceToHalves(
  { scale, zeroPoint }: Quantization,
  [a, b]: readonly [a: Quantization, b: Quantization],
  enough = 0,
): number {
  const [ofA, ofB] = [a.scale / scale, b.scale / scale];
  let nearest = 0.5;
  for (let levelA = 0; levelA < LEVELS && nearest > enough; levelA++) {
    const offset = ofA * (levelA - a.zeroPoint) + zeroPoint;
    for (let levelB = 0; levelB < LEVELS; levelB++) {
      const level = offset + ofB * (levelB - b.zeroPoint);
      // Values beyond the last level are clipped, however they are rounded.
      if (level < 0 || level > LEVELS - 1) continue;
      nearest = Math.min(nearest, Math.abs(level - Math.floor(level) - 0.5));
    }
  }
  return nearest;
}
