import { describe, expect, it } from "vitest";
import { input } from "../../src/graph/tensor.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { drawRandomInputs } from "../../src/training/random-inputs.ts";

const masks = new Map([
  ["a", { tensor: input("a", [2, 50, 10, 10], "uint8"), rate: 0.5 }],
  ["b", { tensor: input("b", [1, 100, 10, 10], "uint8"), rate: 0.1 }],
]);

describe("drawRandomInputs", () => {
  it("keeps each value with a probability of 1 - rate", () => {
    const feeds = drawRandomInputs(masks, 7);
    expect(Object.keys(feeds)).toEqual(["a", "b"]);
    for (const [name, { rate }] of masks) {
      const { data, shape } = feeds[name] ?? { data: [], shape: [] };
      expect(shape).toEqual(masks.get(name)?.tensor.shape);
      expect(data.length).toBe(10_000);
      const kept = Array.from(data).reduce((sum, value) => sum + value, 0) / data.length;
      // Four standard deviations of a mean of 10,000 values.
      expect(Math.abs(kept - (1 - rate))).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / 10_000));
      expect(new Set(data)).toEqual(new Set([0, 1]));
    }
  });

  it("draws the same from the same seed, other values from another, and others for each mask", () => {
    const bytes = (seed: number, name: string) =>
      Buffer.from(drawRandomInputs(masks, seed)[name]?.data ?? []);
    expect(bytes(7, "a").equals(bytes(7, "a"))).toBe(true);
    expect(bytes(7, "a").equals(bytes(8, "a"))).toBe(false);
    expect(bytes(7, "a").equals(bytes(7, "b"))).toBe(false);
  });

  it("draws for replicas together what one network draws", () => {
    const halves = new Map([
      ["a", { tensor: input("a", [1, 50, 10, 10], "uint8"), rate: 0.5 }],
      ["b", { tensor: input("b", [1, 50, 10, 10], "uint8"), rate: 0.1 }],
    ]);
    const { a, b } = drawRandomInputs(halves, 7, 2);
    expect(a?.shape).toEqual([2, 50, 10, 10]);
    const whole = drawRandomInputs(masks, 7);
    expect(Buffer.from(a?.data ?? []).equals(Buffer.from(whole.a?.data ?? []))).toBe(true);
    expect(Buffer.from(b?.data ?? []).equals(Buffer.from(whole.b?.data ?? []))).toBe(true);
  });
});

describe("numbers without a rate", () => {
  it("are uniform in 0..1", () => {
    const inputs = new Map([["u", { tensor: input("u", [10_000]) }]]);
    const values = Array.from(drawRandomInputs(inputs, 3).u?.data ?? []);
    expect(values.length).toBe(10_000);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThanOrEqual(1);
    // The mean of 10,000 such numbers has a standard deviation of 0.003.
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length - 0.5)).toBeLessThan(0.012);
  });
});

describe("dropout of the authors", () => {
  const rates = (network: string, dropout = true) =>
    [...buildNetwork({ network, classes: 2, dropout }).randomInputs.values()].map(({ tensor, rate }) => [
      tensor.shape[1],
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
