import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { averageStretches, downsample, type Point, splitAt } from "../../src/report/points.ts";

const pointsOf = (...values: number[]): Point[] => values.map((value, index) => [index + 1, value]);

describe("averageStretches", () => {
  it("gives each stretch its mean at its middle, also the shorter last one", () => {
    expect(averageStretches(pointsOf(1, 3, 5, 7, 9), 2)).toEqual([
      [1.5, 2],
      [3.5, 6],
      [5, 9],
    ]);
    expect(averageStretches([], 3)).toEqual([]);
  });

  it("forgets a spike at the next stretch", () => {
    expect(averageStretches(pointsOf(1e20, 1, 0.5, 0.5), 2)[1]).toEqual([3.5, 0.5]);
  });
});

describe("downsample", () => {
  it("keeps the lowest and the highest of each stretch, in order", () => {
    // Two stretches of four: 1 is lowest and 9 highest in the first, 7 and 0 in the second.
    expect(downsample(pointsOf(5, 9, 1, 2, 7, 3, 3, 0), 4)).toEqual([
      [2, 9],
      [3, 1],
      [5, 7],
      [8, 0],
    ]);
  });

  it("leaves few points as they are", () => {
    const points = pointsOf(3, 2, 1);
    expect(downsample(points, 3)).toBe(points);
  });

  it("keeps the extremes, the order and the limit for any points", () => {
    const values = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 50 }), (own, limit) => {
        const kept = downsample(pointsOf(...own), limit);
        const keptValues = kept.map(([, value]) => value);
        expect(kept.length).toBeLessThanOrEqual(limit);
        expect(Math.max(...keptValues)).toBe(Math.max(...own));
        expect(Math.min(...keptValues)).toBe(Math.min(...own));
        const steps = kept.map(([step]) => step);
        expect(steps).toEqual(steps.toSorted((a, b) => a - b));
      }),
    );
  });
});

describe("splitAt", () => {
  it("splits at what is not shown", () => {
    const isShown = ([, value]: Point) => Number.isFinite(value);
    const segments = splitAt(pointsOf(Number.NaN, 1, 2, Number.NaN, Number.NaN, 3), isShown);
    expect(segments.map((segment) => segment.map(([, value]) => value))).toEqual([[1, 2], [3]]);
  });
});
