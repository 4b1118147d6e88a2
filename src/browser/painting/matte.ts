import type { TensorData } from "../../runtime/session.ts";

/**
 * Scores are multiplied by this before the softmax of a matte: inside of a thing, where the network is rather
 * sure, the matte is opaque, and half way between two classes it stays half transparent.
 */
export const SHARPNESS = 3;

/** A class with a score this far below the highest has no share that a byte holds: exp(-3 x 3) = 1e-4. */
const NEGLIGIBLE = 3;

/**
 * How far each place of the decoder's map is chosen: the sum over classes of strength times probability,
 * where probabilities are the softmax of sharpened scores.
 *
 * @param scores logits, float32 `[1, C, h, w]`
 * @param strengths of the classes, 0..1
 * @returns 0, not at all, to 255, row-major `[h, w]`
 */
export function computeMatte({ data, shape }: TensorData, strengths: readonly number[]): Uint8ClampedArray {
  const [, classes = 0, h = 0, w = 0] = shape;
  const places = h * w;
  const highest = Float32Array.from(data.subarray(0, places));
  for (let c = 1, at = places; c < classes; c++)
    for (let place = 0; place < places; place++, at++)
      highest[place] = Math.max(highest[place] ?? 0, data[at] ?? 0);
  const sum = new Float32Array(places);
  const chosen = new Float32Array(places);
  for (let c = 0, at = 0; c < classes; c++) {
    const strength = strengths[c] ?? 0;
    for (let place = 0; place < places; place++, at++) {
      const below = (highest[place] ?? 0) - (data[at] ?? 0);
      if (below > NEGLIGIBLE) continue;
      const power = Math.exp(-SHARPNESS * below);
      sum[place] = (sum[place] ?? 0) + power;
      chosen[place] = (chosen[place] ?? 0) + strength * power;
    }
  }
  return Uint8ClampedArray.from(sum, (total, place) => (255 * (chosen[place] ?? 0)) / total);
}
