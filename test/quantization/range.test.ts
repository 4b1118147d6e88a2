import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram } from "../../src/quantization/histogram.ts";
import {
  chooseQuantization,
  quantizationOf,
  rangeMethods,
  squaredError,
} from "../../src/quantization/range.ts";

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  histogram.add(values);
  return histogram;
}

describe("chooseQuantization", () => {
  it("lays 255 steps over all that was seen, and over 0", () => {
    expect(chooseQuantization(histogramOf([1, 255, 510]), "minmax")).toEqual({ scale: 2, zeroPoint: 0 });
    expect(chooseQuantization(histogramOf([-51, 204]), "minmax")).toEqual({ scale: 1, zeroPoint: 51 });
    expect(chooseQuantization(histogramOf([-510]), "minmax")).toEqual({ scale: 2, zeroPoint: 255 });
  });

  it("takes any scale where all is 0", () => {
    for (const method of rangeMethods)
      expect(chooseQuantization(histogramOf([0, 0]), method)).toEqual({ scale: 1, zeroPoint: 0 });
  });

  it("percentile leaves one value in 20,000 out, on the side where it lies", () => {
    const values = Array.from({ length: 20_000 }, (_, index) => (index % 2000) / 1000);
    const { scale, zeroPoint } = chooseQuantization(histogramOf([...values, 1000]), "percentile");
    // The bins are 1/4 wide, so that 1000 fits.
    expect({ high: 255 * scale, zeroPoint }).toEqual({ high: expect.closeTo(2, 5), zeroPoint: 0 });
    const below = chooseQuantization(histogramOf([...values.map((value) => -value), -1000]), "percentile");
    expect(below).toEqual({ scale: expect.closeTo(2 / 255, 6), zeroPoint: 255 });
  });

  it("percentile keeps three values in 20,000, and counts zeros among all", () => {
    const values = Array.from({ length: 20_000 }, (_, index) => (index % 2000) / 1000);
    const kept = chooseQuantization(histogramOf([...values, 1000, 1000, 1000]), "percentile");
    expect(255 * kept.scale).toBeCloseTo(1000, 3);
    // One of 20,101 values, most of which are 0.
    const some = Array.from({ length: 100 }, (_, index) => (index + 0.5) / 50);
    const zeros = new Array<number>(20_000).fill(0);
    const { scale } = chooseQuantization(histogramOf([...zeros, ...some, 1000]), "percentile");
    expect(255 * scale).toBeCloseTo(2, 5);
  });

  it("mse clips an outlier that would make the steps too coarse for the others", () => {
    const values = Array.from({ length: 100_000 }, (_, index) => index / 100_000);
    const { scale } = chooseQuantization(histogramOf([...values, 3]), "mse");
    // Of a range 0..h, 100,000 (h/255)^2/12 + (3-h)^2 is least at 2.66; it is almost flat there.
    expect(255 * scale).toBeGreaterThan(2.55);
    expect(255 * scale).toBeLessThan(2.77);
  });

  it("mse is never worse than the whole range", () => {
    const values = fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, (some) => {
        const histogram = histogramOf(some);
        const [whole, best] = [chooseQuantization(histogram, "minmax"), chooseQuantization(histogram, "mse")];
        expect(squaredError(histogram, best)).toBeLessThanOrEqual(squaredError(histogram, whole));
      }),
      { numRuns: 5 },
    );
  });
});

describe("quantizationOf", () => {
  it("is exact at 0, and holds the range to half a step", () => {
    const ends = fc.float({ noNaN: true, min: 0, max: 1e6 });
    fc.assert(
      fc.property(ends, ends, (below, above) => {
        const { scale, zeroPoint } = quantizationOf({ low: -below, high: above });
        expect(Number.isInteger(zeroPoint) && zeroPoint >= 0 && zeroPoint <= 255).toBe(true);
        expect(-scale * zeroPoint - scale / 2).toBeLessThanOrEqual(-below + 1e-6 * below);
        expect(scale * (255 - zeroPoint) + scale / 2).toBeGreaterThanOrEqual(above * (1 - 1e-6));
      }),
    );
  });
});
