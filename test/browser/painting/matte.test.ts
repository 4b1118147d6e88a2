import { describe, expect, it } from "vitest";
import { computeMatte } from "../../../src/browser/painting/matte.ts";

/** Scores `[1, classes, 1, places]`. */
const scores = (...classes: number[][]) => ({
  data: Float32Array.from(classes.flat()),
  shape: [1, classes.length, 1, classes[0]?.length ?? 0],
});

describe("computeMatte", () => {
  it("is the share of the chosen classes, sharpened", () => {
    // Equal scores: one half. One below: exp(-3) / (1 + exp(-3)) = 0.0474. One above: 0.9526.
    const matte = computeMatte(scores([0, 1, 0], [0, 0, 1]), [0, 1]);
    expect([...matte]).toEqual([128, 12, 243]);
  });

  it("is opaque where one class is sure, as opaque as it is strong", () => {
    expect([...computeMatte(scores([9, 0], [0, 9], [0, 0]), [1, 0.5, 1])]).toEqual([255, 128]);
  });

  it("adds classes up", () => {
    // Thirds, two of which are chosen.
    expect([...computeMatte(scores([-2], [-2], [-2]), [0, 1, 1])]).toEqual([170]);
  });
});
