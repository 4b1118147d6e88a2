import { neighborsIn } from "../grid.ts";
import type { LabelMap } from "../images/types.ts";
import type { TensorData } from "../runtime/session.ts";

/**
 * Confidences are taken at every fourth pixel of every fourth row. Neighbors hardly differ, and all pixels
 * would take as long as the network.
 */
export const CONFIDENCE_STRIDE = 4;

/** How sure a predictor is of the classes that it chose. */
export interface SampledConfidence {
  /** Softmax probability of the best class, 0..1, row-major `[rows, columns]`. */
  readonly data: Float32Array;
  /** Of the photo's rows 0, 4, 8 ... and columns 0, 4, 8 ... */
  readonly rows: number;
  readonly columns: number;
}

/** A label map, and how sure of it the predictor is. */
export interface Prediction extends LabelMap {
  readonly confidence?: SampledConfidence;
}

/** The number of rows or columns that confidences are taken of. @param size pixels along the axis */
export function sampledSize(size: number): number {
  return Math.ceil(size / CONFIDENCE_STRIDE);
}

/**
 * The confidence of the labels: softmax of the bilinearly upsampled logits, at a part of the pixels.
 *
 * @param scores float32 `[1, C, h, w]`
 * @param options size of the photo in pixels, and PyTorch's `align_corners`
 */
export function sampleConfidence(
  { data, shape }: TensorData,
  { width, height, alignCorners }: { width: number; height: number; alignCorners: boolean },
): SampledConfidence {
  const [, classes = 0, h = 0, w = 0] = shape;
  const neighbors = (count: number, inSize: number, outSize: number) =>
    Array.from({ length: count }, (_, place) =>
      neighborsIn(place * CONFIDENCE_STRIDE, { inSize, outSize, alignCorners }),
    );
  const [rows, columns] = [sampledSize(height), sampledSize(width)];
  const down = neighbors(rows, h, height);
  const across = neighbors(columns, w, width);
  const confidence = new Float32Array(rows * columns);
  const scores = new Float32Array(classes);
  let out = 0;
  for (const { low: top, high: bottom, share: below } of down) {
    for (const { low: left, high: right, share } of across) {
      for (let c = 0; c < classes; c++) {
        const upper = (c * h + top) * w;
        const lower = (c * h + bottom) * w;
        const a = data[upper + left] ?? 0;
        const b = data[lower + left] ?? 0;
        const above = a + ((data[upper + right] ?? 0) - a) * share;
        const under = b + ((data[lower + right] ?? 0) - b) * share;
        scores[c] = above + (under - above) * below;
      }
      confidence[out++] = highestProbability(scores);
    }
  }
  return { data: confidence, rows, columns };
}

/** The class of pixels that show nothing the network knows; not every model has one. */
const BACKGROUND = "background";

/**
 * The mean confidence over the pixels of all classes but `background`, 0..1.
 *
 * Networks are sure, and right, that text, noise and most unusual photos are background. A photo out of the
 * training's distribution shows in low confidence for what they find there: see `bench/confidence.ts`.
 *
 * @returns undefined where all is background
 */
export function meanConfidence(
  { data, width, confidence }: Prediction,
  classes: readonly string[],
): number | undefined {
  const background = classes.indexOf(BACKGROUND);
  const { columns = 1, data: values = [] } = confidence ?? {};
  let [sum, pixels] = [0, 0];
  for (const [at, value] of values.entries()) {
    const pixel = CONFIDENCE_STRIDE * (Math.floor(at / columns) * width + (at % columns));
    if (data[pixel] === background) continue;
    sum += value;
    pixels++;
  }
  return pixels === 0 ? undefined : sum / pixels;
}

/** The largest softmax probability: `1 / sum(exp(score - best))`. */
function highestProbability(scores: Float32Array): number {
  let best = Number.NEGATIVE_INFINITY;
  for (const score of scores) if (score > best) best = score;
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - best);
  return 1 / sum;
}
