import { invalidArgument } from "../check.ts";
import type { Photo } from "../images/types.ts";
import type { Segmentation, Segmenter, SegmentOptions } from "../inference/segmenter.ts";
import type { TensorData } from "../runtime/session.ts";

/**
 * Exponential moving average of the scores of successive frames, against labels that flicker.
 *
 * mean_t = smoothing * mean_(t-1) + (1 - smoothing) * scores_t, and mean_0 = scores_0. A frame n frames ago
 * has weight smoothing^n, so labels lag behind motion.
 */
export class ScoreSmoother {
  readonly #smoothing: number;
  #mean: { data: Float32Array; shape: readonly number[] } | undefined;

  /** @param smoothing the share of the past, from 0 to below 1 */
  constructor(smoothing: number) {
    this.#smoothing = smoothing;
  }

  /** @returns the mean up to and with these scores; valid until the next call, which writes over it */
  add({ data, shape }: TensorData): TensorData {
    if (!this.#mean) {
      this.#mean = { data: Float32Array.from(data), shape };
      return this.#mean;
    }
    const mean = this.#mean.data;
    const share = 1 - this.#smoothing;
    for (let index = 0; index < mean.length; index++) {
      const past = mean[index] ?? 0;
      mean[index] = past + share * ((data[index] ?? 0) - past);
    }
    return this.#mean;
  }
}

/**
 * Segments frames in order, with labels from the moving average of their scores; begins anew when the size
 * changes.
 *
 * @param smoothing the share of the past, from 0, none, to below 1
 */
export function segmentSmoothly(
  segmenter: Segmenter,
  smoothing: number,
): (frame: Photo, options?: Pick<SegmentOptions, "scores">) => Promise<Segmentation> {
  if (smoothing === 0) return (frame, options) => segmenter.segment(frame, options);
  let smoother = new ScoreSmoother(smoothing);
  let lastSize = "";
  return (frame, options) => {
    const size = `${frame.width} x ${frame.height}`;
    if (size !== lastSize) smoother = new ScoreSmoother(smoothing);
    lastSize = size;
    // A later frame of another size may come before this one's scores.
    const current = smoother;
    return segmenter.segment(frame, { ...options, adjustScores: (scores) => current.add(scores) });
  };
}

/** @throws LightsegError INVALID_ARGUMENT unless from 0 to below 1 */
export function checkSmoothing(smoothing: number, where: string): void {
  if (smoothing >= 0 && smoothing < 1) return;
  throw invalidArgument(where, "smoothing", "must be from 0 to below 1", smoothing);
}
