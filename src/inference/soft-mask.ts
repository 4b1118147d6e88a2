import { LightsegError } from "../errors.ts";
import { neighborsIn } from "../grid.ts";
import type { TensorData } from "../runtime/session.ts";
import type { UpsampleLabelsOptions } from "./upsample-labels.ts";

/** The index of a class that is given by its name or index. @throws LightsegError INVALID_ARGUMENT */
export function findClass(given: string | number, classes: readonly string[], where: string): number {
  const label = typeof given === "number" ? given : classes.indexOf(given);
  if (Number.isInteger(label) && label >= 0 && label < classes.length) return label;
  throw new LightsegError({
    code: "INVALID_ARGUMENT",
    where,
    argument: "class",
    rule: `must be one of ${classes.join(", ")}`,
    value: given,
  });
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
  const [, classes = 0, h = 0, w = 0] = scores.shape;
  const share = sumProbabilities(scores.data, { labels, classes, places: h * w });
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

function sumProbabilities(
  data: TensorData["data"],
  { labels, classes, places }: { labels: readonly number[]; classes: number; places: number },
): Float32Array {
  const wanted = new Set(labels);
  const shares = new Float32Array(places);
  for (let place = 0; place < places; place++) {
    let highest = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) highest = Math.max(highest, data[c * places + place] ?? 0);
    let [sum, chosen] = [0, 0];
    for (let c = 0; c < classes; c++) {
      const value = Math.exp((data[c * places + place] ?? 0) - highest);
      sum += value;
      if (wanted.has(c)) chosen += value;
    }
    shares[place] = chosen / sum;
  }
  return shares;
}
