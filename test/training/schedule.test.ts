import { describe, expect, it } from "vitest";
import { learningRateFactor, type Schedule, scheduleType } from "../../src/training/schedule.ts";

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

describe("scheduleType", () => {
  it.each<[unknown, string, string]>([
    [{ kind: "stages", boundaries: [1], factors: [1] }, ".factors", "must be 2 numbers"],
    [{ kind: "stages", boundaries: [1], factors: [1, 0.5, 0.25] }, ".factors", "must be 2 numbers"],
    [{ kind: "stages", boundaries: [2, 1], factors: [1, 0.5, 0.25] }, ".boundaries", "must increase"],
    [{ kind: "stages", boundaries: [0], factors: [1, 1] }, ".boundaries", "must be at least 1"],
    [{ kind: "stages", factors: [1] }, ".boundaries", "must be a list"],
    [{ kind: "stages", boundaries: [1], factors: [1, -0.5] }, ".factors", "must be at least 0"],
    [{ kind: "poly", power: 0 }, ".power", "must be greater than 0"],
    [{ kind: "poly", power: 1, warmup: -1 }, ".warmup", "must be at least 0"],
    [{ kind: "poly", power: Number.NaN }, ".power", "must be a number"],
    [{ kind: "cosine" }, ".kind", "must be one of poly, stages"],
    ["poly", "", "must be an object"],
  ])("refuses %j", (schedule, part, rule) => {
    expect(scheduleType.check(schedule)).toMatchObject({ part, rule: expect.stringContaining(rule) });
  });

  it.each(["poly:0.9", "stages:100,200:1,0.5,0.25"])("reads and shows %s", (text) => {
    const schedule = scheduleType.read(text);
    expect(scheduleType.check(schedule)).toBeUndefined();
    expect(schedule && scheduleType.show(schedule)).toBe(text);
  });

  it.each(["", "cosine", "poly:x", "poly:1:2", "stages:1", "stages:1:x"])("cannot read %j", (text) => {
    expect(scheduleType.read(text)).toBeUndefined();
  });
});
