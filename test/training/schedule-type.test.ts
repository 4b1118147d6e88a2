import { describe, expect, it } from "vitest";
import { scheduleType } from "../../src/training/schedule-type.ts";

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
