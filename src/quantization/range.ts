import type { Quantization } from "../graph/ops/quantize.ts";
import type { Histogram } from "./histogram.ts";

export const rangeMethods = ["minmax", "percentile", "mse"] as const;

/**
 * How the range is chosen that 256 steps are laid over. Values outside are clipped to it.
 *
 * - `minmax`: all that was seen. One outlier makes all steps coarse.
 * - `percentile`: but for the outermost 0.01 % on each side.
 * - `mse`: the one with the least mean squared error of what was seen, clipping and rounding together.
 */
export type RangeMethod = (typeof rangeMethods)[number];

const STEPS = 255;
const OUTSIDE = 1e-4;
/** Ranges that `mse` tries: shares of the largest value, in steps of a fiftieth. */
const SHARES = Array.from({ length: 46 }, (_, step) => 1 - step / 50);

interface Range {
  readonly low: number;
  readonly high: number;
}

/** The uint8 quantization of values of which a histogram is known; 0 is exact in it. */
export function chooseQuantization(histogram: Histogram, method: RangeMethod): Quantization {
  const whole = { low: histogram.min, high: histogram.max };
  if (method === "minmax") return quantizationOf(whole);
  return quantizationOf(method === "percentile" ? percentileRange(histogram) : leastErrorRange(histogram));
}

/** 256 levels over a range that holds 0. Where all is 0 any scale will do. */
export function quantizationOf({ low, high }: Range): Quantization {
  const scale = Math.fround((high - low) / STEPS) || 1;
  return { scale, zeroPoint: Math.round((0 - low) / scale) };
}

function percentileRange({ counts, zeros, width, min, max }: Histogram): Range {
  const total = counts.reduce((sum, count) => sum + count, zeros);
  const middle = counts.length / 2;
  const reach = (bins: Iterable<number>) => {
    let outside = 0;
    for (const bin of bins) {
      outside += counts[bin] ?? 0;
      if (outside > OUTSIDE * total) return bin;
    }
    return middle;
  };
  const first = reach(counts.keys());
  const last = reach([...counts.keys()].reverse());
  const low = Math.max(min, (Math.min(first, middle) - middle) * width);
  const high = Math.min(max, (Math.max(last + 1, middle) - middle) * width);
  return { low, high };
}

/** Both ends in turn, twice: they hardly depend on each other. */
function leastErrorRange(histogram: Histogram): Range {
  let range: Range = { low: histogram.min, high: histogram.max };
  for (let round = 0; round < 2; round++) {
    if (histogram.max > 0)
      range = best(
        histogram,
        SHARES.map((share) => ({ ...range, high: share * histogram.max })),
      );
    if (histogram.min < 0)
      range = best(
        histogram,
        SHARES.map((share) => ({ ...range, low: share * histogram.min })),
      );
  }
  return range;
}

function best(histogram: Histogram, ranges: readonly Range[]): Range {
  let [least, chosen] = [Number.POSITIVE_INFINITY, ranges[0] ?? { low: 0, high: 0 }];
  for (const range of ranges) {
    const error = squaredError(histogram, quantizationOf(range));
    if (error < least) [least, chosen] = [error, range];
  }
  return chosen;
}

/** Sum of squared errors of quantizing values, each taken as the middle of its bin. */
export function squaredError(histogram: Histogram, { scale, zeroPoint }: Quantization): number {
  let sum = 0;
  for (let bin = 0; bin < histogram.counts.length; bin++) {
    const count = histogram.counts[bin] ?? 0;
    if (count === 0) continue;
    const value = histogram.middle(bin);
    const level = Math.min(STEPS, Math.max(0, Math.round(value / scale) + zeroPoint));
    sum += count * (value - scale * (level - zeroPoint)) ** 2;
  }
  return sum;
}
