import { describe, expect, it } from "vitest";
import { input } from "../../src/graph/tensor.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { drawMasks } from "../../src/training/dropout-masks.ts";

const masks = new Map([
  ["a", { kept: input("a", [2, 50, 10, 10], "uint8"), rate: 0.5 }],
  ["b", { kept: input("b", [1, 100, 10, 10], "uint8"), rate: 0.1 }],
]);

describe("drawMasks", () => {
  it("keeps each value with a probability of 1 - rate", () => {
    const feeds = drawMasks(masks, 7);
    expect(Object.keys(feeds)).toEqual(["a", "b"]);
    for (const [name, { rate }] of masks) {
      const { data, dims } = feeds[name] ?? { data: [], dims: [] };
      expect(dims).toEqual(masks.get(name)?.kept.shape);
      expect(data.length).toBe(10_000);
      const kept = Array.from(data).reduce((sum, value) => sum + value, 0) / data.length;
      // Four standard deviations of a mean of 10,000 values.
      expect(Math.abs(kept - (1 - rate))).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / 10_000));
      expect(new Set(data)).toEqual(new Set([0, 1]));
    }
  });

  it("draws the same from the same seed, other values from another, and others for each mask", () => {
    const bytes = (seed: number, name: string) => Buffer.from(drawMasks(masks, seed)[name]?.data ?? []);
    expect(bytes(7, "a").equals(bytes(7, "a"))).toBe(true);
    expect(bytes(7, "a").equals(bytes(8, "a"))).toBe(false);
    expect(bytes(7, "a").equals(bytes(7, "b"))).toBe(false);
  });
});

describe("dropout of the authors", () => {
  const rates = (network: string, dropout = true) =>
    [...buildNetwork({ network, classes: 2, dropout }).masks.values()].map(({ kept, rate }) => [
      kept.shape[1],
      rate,
    ]);

  it("is on l4 and l3 of ResNets, and in the original RefineNet before the classifier too", () => {
    expect(rates("refinenet-lw-50")).toEqual([
      [2048, 0.5],
      [1024, 0.5],
    ]);
    expect(rates("refinenet-50")).toEqual([
      [2048, 0.5],
      [1024, 0.5],
      [256, 0.5],
    ]);
  });

  it("is nowhere in MobileNet-v2's form, nor at inference", () => {
    expect(rates("refinenet-lw-mobilenet-v2")).toEqual([]);
    expect(rates("refinenet-50", false)).toEqual([]);
  });
});
