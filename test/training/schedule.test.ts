import { describe, expect, it } from "vitest";
import { learningRateFactor, type Schedule } from "../../src/training/schedule.ts";

const progress = (step: number) => ({ step, totalSteps: 300, stepsPerEpoch: 10 });

describe("learningRateFactor", () => {
  it("changes the factor at the boundaries", () => {
    const schedule: Schedule = { kind: "stages", boundaries: [10, 20], factors: [1, 0.5, 0.25] };
    const factors = [0, 99, 100, 199, 200, 299].map((step) => learningRateFactor(schedule, progress(step)));
    expect(factors).toEqual([1, 1, 0.5, 0.5, 0.25, 0.25]);
  });

  it("is constant with a single stage", () => {
    expect(learningRateFactor({ kind: "stages", boundaries: [], factors: [1] }, progress(123))).toBe(1);
  });

  it("falls as a power of the remaining share", () => {
    const poly: Schedule = { kind: "poly", power: 0.9 };
    expect(learningRateFactor(poly, progress(0))).toBe(1);
    expect(learningRateFactor(poly, progress(150))).toBeCloseTo(0.5 ** 0.9, 12);
    expect(learningRateFactor(poly, progress(300))).toBe(0);
    expect(learningRateFactor(poly, progress(301))).toBe(0);
  });

  it("warms up linearly, on top of the schedule", () => {
    const schedule: Schedule = { kind: "poly", power: 1, warmup: 4 };
    const factors = [0, 1, 3, 4].map((step) => learningRateFactor(schedule, progress(step)));
    [0.25, 0.5 * (299 / 300), 297 / 300, 296 / 300].forEach((expected, i) => {
      expect(factors[i]).toBeCloseTo(expected, 12);
    });
  });
});
