import { IGNORE_LABEL } from "../images/palette.ts";
import type { LabelMap } from "../images/types.ts";
import { CONFIDENCE_STRIDE, type Prediction } from "../inference/confidence.ts";

/** Bins of equal width over the confidences 0..1, as in the paper. */
export const CALIBRATION_BINS = 15;

/** Pixels of similar confidence. */
export interface CalibrationBin {
  /** The number of pixels that were looked at. */
  readonly pixels: number;
  /** Their mean confidence, 0..1; null without pixels. */
  readonly confidence: number | null;
  /** The share of them with the right class, 0..1; null without pixels. */
  readonly accuracy: number | null;
}

/** How far a predictor's confidence can be believed. */
export interface Calibration {
  /** Expected calibration error, 0..1: |confidence - accuracy| of each bin, averaged by its pixels. */
  readonly error: number;
  /** Bin i holds confidences above i / 15 and up to (i + 1) / 15. */
  readonly bins: readonly CalibrationBin[];
}

/**
 * Collects confidences and how often they were right (Guo et al. 2017, "On Calibration of Modern Neural
 * Networks", Sec. 2).
 *
 * Like the confidences, it looks at every fourth pixel of every fourth row.
 */
export class CalibrationCounts {
  readonly #pixels = new Float64Array(CALIBRATION_BINS);
  readonly #confidence = new Float64Array(CALIBRATION_BINS);
  readonly #correct = new Float64Array(CALIBRATION_BINS);

  /** Adds a photo. Both maps are `[H, W]` of one size; pixels whose truth is 255 are skipped. */
  add(truth: LabelMap, { data, width, confidence }: Prediction): void {
    if (!confidence) return;
    for (let row = 0, at = 0; row < confidence.rows; row++) {
      for (let column = 0; column < confidence.columns; column++, at++) {
        const pixel = CONFIDENCE_STRIDE * (row * width + column);
        const label = truth.data[pixel];
        if (label === IGNORE_LABEL) continue;
        const value = confidence.data[at] ?? 0;
        const bin = Math.max(0, Math.ceil(value * CALIBRATION_BINS) - 1);
        this.#pixels[bin] = (this.#pixels[bin] ?? 0) + 1;
        this.#confidence[bin] = (this.#confidence[bin] ?? 0) + value;
        if (label === data[pixel]) this.#correct[bin] = (this.#correct[bin] ?? 0) + 1;
      }
    }
  }

  /** Undefined where no confidence was added. */
  compute(): Calibration | undefined {
    const total = this.#pixels.reduce((sum, pixels) => sum + pixels, 0);
    if (total === 0) return undefined;
    let distance = 0;
    const bins = Array.from(this.#pixels, (pixels, bin): CalibrationBin => {
      if (pixels === 0) return { pixels, confidence: null, accuracy: null };
      const confidence = (this.#confidence[bin] ?? 0) / pixels;
      const accuracy = (this.#correct[bin] ?? 0) / pixels;
      distance += pixels * Math.abs(confidence - accuracy);
      return { pixels, confidence, accuracy };
    });
    return { error: distance / total, bins };
  }
}
