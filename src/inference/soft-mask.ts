import { invalidArgument } from "../check.ts";
import { neighborsIn } from "../grid.ts";
import type { TensorData } from "../runtime/session.ts";
import type { UpsampleLabelsOptions } from "./upsample-labels.ts";

/** The index of a class that is given by its name or index. @throws LightsegError INVALID_ARGUMENT */
export function findClass(given: string | number, classes: readonly string[], where: string): number {
  const label = typeof given === "number" ? given : classes.indexOf(given);
  if (Number.isInteger(label) && label >= 0 && label < classes.length) return label;
  throw invalidArgument(where, "class", `must be one of ${classes.join(", ")}`, given);
}

/**
 * How likely each pixel of a photo belongs to one of some classes: the sum of their softmax probabilities at
 * the decoder's resolution, upsampled bilinearly.
 *
 * @param scores logits, float32 `[1, C, h, w]`
 * @param labels of the classes
 * @returns 0, surely not, to 255, surely, row-major `[height, width]`
 */
export function softMask(
  scores: TensorData,
  labels: readonly number[],
  { width, height, alignCorners }: UpsampleLabelsOptions,
): Uint8Array {
  const [, , h = 0, w = 0] = scores.shape;
  const share = sumProbabilities(scores, labels);
  const columns = Array.from({ length: width }, (_, x) =>
    neighborsIn(x, { inSize: w, outSize: width, alignCorners }),
  );
  const mask = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++) {
    const row = neighborsIn(y, { inSize: h, outSize: height, alignCorners });
    const [top, bottom] = [row.low * w, row.high * w];
    for (const { low, high, share: right } of columns) {
      const above = (1 - right) * (share[top + low] ?? 0) + right * (share[top + high] ?? 0);
      const below = (1 - right) * (share[bottom + low] ?? 0) + right * (share[bottom + high] ?? 0);
      mask[at++] = Math.round(255 * (above + row.share * (below - above)));
    }
  }
  return mask;
}

function sumProbabilities(scores: TensorData, labels: readonly number[]): Float32Array {
  const [, classes = 0, h = 0, w = 0] = scores.shape;
  const wanted = new Set(labels);
  const powers = new Float64Array(classes);
  const shares = new Float32Array(h * w);
  for (let place = 0; place < shares.length; place++) {
    const sum = exponentiateAt(scores, place, powers);
    let chosen = 0;
    for (const label of wanted) chosen += powers[label] ?? 0;
    shares[place] = chosen / sum;
  }
  return shares;
}

/**
 * Numerators of the softmax at one place: `exp(score - highest)` of each class.
 *
 * @param scores logits, float32 `[1, C, h, w]`
 * @param place row-major, 0..h*w-1
 * @param powers where they are written, C values
 * @returns their sum, the denominator
 */
export function exponentiateAt({ data, shape }: TensorData, place: number, powers: Float64Array): number {
  const [, , h = 0, w = 0] = shape;
  const places = h * w;
  let highest = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < powers.length; c++) highest = Math.max(highest, data[c * places + place] ?? 0);
  let sum = 0;
  for (let c = 0; c < powers.length; c++) {
    const power = Math.exp((data[c * places + place] ?? 0) - highest);
    powers[c] = power;
    sum += power;
  }
  return sum;
}
