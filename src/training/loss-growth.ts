import { median } from "../median.ts";

/** Steps whose median loss is what later ones are measured against. */
const FIRST_STEPS = 20;
/** A loss that has grown so many times is no noise of the batches. */
const FACTOR = 10;
/** Weight of the past in the moving average of the loss. */
const SMOOTHING = 0.9;

/** Notices a loss that grows: hours may pass until it becomes NaN. */
export class LossGrowth {
  readonly #first: number[] = [];
  /** Median of the first steps. */
  #median = 0;
  /** Of the steps since. */
  #average = 0;
  #isReported = false;

  /** Takes the loss of the next step. @returns a sentence the first time that the loss has grown too much */
  add(loss: number): string | undefined {
    // That of a batch without a labelled pixel, which says nothing.
    if (loss === 0) return undefined;
    if (this.#first.length < FIRST_STEPS) {
      this.#first.push(loss);
      this.#median = median(this.#first) ?? loss;
      this.#average = this.#median;
      return undefined;
    }
    this.#average = SMOOTHING * this.#average + (1 - SMOOTHING) * loss;
    if (this.#isReported || this.#average <= FACTOR * this.#median) return undefined;
    this.#isReported = true;
    return `the loss grows: ${this.#average.toPrecision(3)} now, ${this.#median.toPrecision(3)} in the first ${FIRST_STEPS} steps`;
  }
}
