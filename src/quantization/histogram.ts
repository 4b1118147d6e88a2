import { LightsegError } from "../errors.ts";

/** Bins on each side of 0: some eight for each of the 255 steps of a quantized value. */
const SIDE = 4096;

/**
 * Counts values of any range: 8192 bins of one width around 0. A value beyond them doubles the width.
 *
 * Zeros are counted apart, since they are exact in any quantization, and about half of what a ReLU gives.
 */
export class Histogram {
  /** The smallest and the largest value, and 0. */
  min = 0;
  max = 0;
  zeros = 0;
  /** Width of a bin; a power of two. Bin b holds values from `(b - 4096) width` on. */
  width = 2 ** -40;
  counts = new Float64Array(2 * SIDE);

  /** The middle of a bin. */
  middle(bin: number): number {
    return (bin - SIDE + 0.5) * this.width;
  }

  /**
   * @throws LightsegError RUNTIME for values that are not finite, as of a network whose training diverged: no
   *   bin is wide enough for them
   */
  add(values: ArrayLike<number>): void {
    let { min, max } = this;
    let areFinite = true;
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? 0;
      if (value < min) min = value;
      if (value > max) max = value;
      areFinite &&= Number.isFinite(value);
    }
    if (!areFinite) throw notFinite();
    this.min = min;
    this.max = max;
    let { width } = this;
    while (Math.max(max, -min) >= SIDE * width) width *= 2;
    if (width !== this.width) this.#widen(width);

    const { counts } = this;
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? 0;
      if (value === 0) this.zeros++;
      else {
        const bin = Math.floor(value / width) + SIDE;
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
    }
  }

  /** Neighbors become one, as many as go into the new width. */
  #widen(width: number): void {
    const wide = new Float64Array(2 * SIDE);
    for (const [bin, count] of this.counts.entries()) {
      const merged = Math.floor(((bin - SIDE) * this.width) / width) + SIDE;
      wide[merged] = (wide[merged] ?? 0) + count;
    }
    this.counts = wide;
    this.width = width;
  }
}

function notFinite(): LightsegError {
  return new LightsegError({
    code: "RUNTIME",
    where: "quantizeModel",
    argument: "feature maps",
    rule: "must be finite on the photos",
    hint: "weights of a training that diverged cannot be quantized",
  });
}
