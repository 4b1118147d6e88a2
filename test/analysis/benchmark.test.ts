import { describe, expect, it } from "vitest";
import { summarize } from "../../src/analysis/benchmark.ts";

describe("summarize", () => {
  it("gives mean, sample deviation and order statistics", () => {
    const { mean, deviation, median, p95, min } = summarize([4, 1, 3, 2]);
    expect([mean, median, p95, min]).toEqual([2.5, 2.5, 4, 1]);
    // Squares of -1.5, -0.5, 0.5, 1.5 sum to 5; 5 / 3.
    expect(deviation).toBeCloseTo(Math.sqrt(5 / 3), 12);
  });

  it("takes the 95th of a hundred as p95", () => {
    expect(summarize(Array.from({ length: 100 }, (_, index) => 100 - index)).p95).toBe(95);
  });

  it("has no spread for a single run", () => {
    expect(summarize([7])).toEqual({ mean: 7, deviation: 0, median: 7, p95: 7, min: 7 });
  });
});
