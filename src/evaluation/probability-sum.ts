import type { LabelMap } from "../images/types.ts";
import { CONFIDENCE_STRIDE, type SampledConfidence, sampledSize } from "../inference/confidence.ts";
import type { InterpolationWeights } from "./interpolation.ts";

/** The part of one axis that scores reach: pixels from `start` on, as many as there are weights. */
export interface AxisPart {
  readonly start: number;
  /** What each pixel's probabilities are multiplied with. */
  readonly weights: Float32Array;
  /** The scores that each pixel is interpolated from. */
  readonly taps: InterpolationWeights;
}

/** Raw scores float32 `[classes, height, width]`. */
export interface ScoreMap {
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
}

/** A weighted sum of softmax probabilities at the photo's size, from scores of any size. */
export class ProbabilitySum {
  readonly classes: number;
  readonly width: number;
  readonly height: number;
  /** `[classes, height, width]` */
  readonly data: Float32Array;

  constructor({ classes, width, height }: { classes: number; width: number; height: number }) {
    this.classes = classes;
    this.width = width;
    this.height = height;
    this.data = new Float32Array(classes * height * width);
  }

  /** Adds softmax(interpolated scores) x row weight x column weight to the pixels of a rectangle. */
  add(scores: ScoreMap, rows: AxisPart, columns: AxisPart): void {
    const length = columns.weights.length;
    const values = new Float32Array(this.classes * length);
    const source = new Float32Array(scores.width);
    for (const [row, weight] of rows.weights.entries()) {
      for (let label = 0; label < this.classes; label++) {
        mixRows(scores, label, rows.taps, row, source);
        interpolateRow(source, columns.taps, values.subarray(label * length, (label + 1) * length));
      }
      const factors = exponentiate(values, columns.weights, weight);
      for (let label = 0; label < this.classes; label++) {
        const out = (label * this.height + rows.start + row) * this.width + columns.start;
        for (let x = 0; x < length; x++) {
          const probability = (values[label * length + x] ?? 0) * (factors[x] ?? 0);
          this.data[out + x] = (this.data[out + x] ?? 0) + probability;
        }
      }
    }
  }

  /** The class with the largest sum at each pixel, the first on ties. */
  best(): LabelMap {
    const { width, height, data } = this;
    const labels = new Uint8Array(width * height);
    const highest = data.slice(0, labels.length);
    for (let label = 1; label < this.classes; label++) {
      const plane = label * labels.length;
      for (let pixel = 0; pixel < labels.length; pixel++) {
        const value = data[plane + pixel] ?? 0;
        if (value <= (highest[pixel] ?? 0)) continue;
        highest[pixel] = value;
        labels[pixel] = label;
      }
    }
    return { width, height, data: labels };
  }

  /** The share of the largest sum among all classes, where confidences are taken. */
  confidence(): SampledConfidence {
    const { width, height, data } = this;
    const [rows, columns] = [sampledSize(height), sampledSize(width)];
    const shares = Float32Array.from({ length: rows * columns }, (_, at) => {
      const pixel = CONFIDENCE_STRIDE * (Math.floor(at / columns) * width + (at % columns));
      let [highest, total] = [0, 0];
      for (let place = pixel; place < data.length; place += width * height) {
        const value = data[place] ?? 0;
        highest = Math.max(highest, value);
        total += value;
      }
      return highest / total;
    });
    return { data: shares, rows, columns };
  }
}

/** One row of one class, at the map's own width. */
function mixRows(
  { data, width, height }: ScoreMap,
  label: number,
  taps: InterpolationWeights,
  row: number,
  out: Float32Array,
) {
  out.fill(0);
  for (let tap = row * taps.count; tap < (row + 1) * taps.count; tap++) {
    const weight = taps.weights[tap] ?? 0;
    const start = (label * height + (taps.indices[tap] ?? 0)) * width;
    for (let x = 0; x < width; x++) out[x] = (out[x] ?? 0) + weight * (data[start + x] ?? 0);
  }
}

function interpolateRow(
  source: Float32Array,
  { count, indices, weights }: InterpolationWeights,
  out: Float32Array,
): void {
  for (let x = 0, tap = 0; x < out.length; x++) {
    let value = 0;
    for (let end = tap + count; tap < end; tap++)
      value += (weights[tap] ?? 0) * (source[indices[tap] ?? 0] ?? 0);
    out[x] = value;
  }
}

/**
 * Replaces scores `[classes, pixels]` by exp(score - best score of the pixel).
 *
 * @returns for each pixel what turns them into weighted probabilities: its weight x factor / their sum
 */
function exponentiate(values: Float32Array, weights: Float32Array, factor: number): Float32Array {
  const length = weights.length;
  const best = values.slice(0, length);
  for (let start = length; start < values.length; start += length) {
    for (let x = 0; x < length; x++) best[x] = Math.max(best[x] ?? 0, values[start + x] ?? 0);
  }
  const sums = new Float32Array(length);
  for (let start = 0; start < values.length; start += length) {
    for (let x = 0; x < length; x++) {
      const value = Math.exp((values[start + x] ?? 0) - (best[x] ?? 0));
      values[start + x] = value;
      sums[x] = (sums[x] ?? 0) + value;
    }
  }
  return weights.map((weight, x) => (weight * factor) / (sums[x] ?? 1));
}
