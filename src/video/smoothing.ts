import type { TensorData } from "../runtime/session.ts";

/**
 * Exponential moving average of the scores of successive frames, against labels that flicker.
 *
 * mean_t = smoothing * mean_(t-1) + (1 - smoothing) * scores_t, and mean_0 = scores_0. What was n frames ago counts smoothing^n times
 * as much as now, so the labels of what moves lag behind.
 */
export class ScoreSmoother {
  readonly #smoothing: number;
  #mean: { data: Float32Array; dims: readonly number[] } | undefined;

  /** @param smoothing the share of the past, from 0 to below 1 */
  constructor(smoothing: number) {
    this.#smoothing = smoothing;
  }

  /** @returns the mean up to and with these scores; valid until the next call, which writes over it */
  add({ data, dims }: TensorData): TensorData {
    if (!this.#mean) {
      this.#mean = { data: Float32Array.from(data), dims };
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
