import { describe, expect, it } from "vitest";
import { input } from "../../src/graph/tensor.ts";
import { divideForPacks } from "../../src/training/packs.ts";

describe("divideForPacks", () => {
  const entries = [3, 4, 2, 9, 1, 1].map((size, index) => ({ tensor: input(`t${index}`, [size]) }));
  const sizes = (most?: number) =>
    divideForPacks(entries, most).map((run) => run.map(({ tensor }) => Number(tensor.shape[0])));

  it("keeps the order, and begins a run where the last is full", () => {
    expect(sizes(8)).toEqual([[3, 4], [2], [9], [1, 1]]);
  });

  it("fills a run to its last value", () => {
    expect(sizes(7)).toEqual([[3, 4], [2], [9], [1, 1]]);
    expect(sizes(9)).toEqual([[3, 4, 2], [9], [1, 1]]);
  });

  it("makes one run of a network that fits, and none of nothing", () => {
    expect(sizes()).toEqual([[3, 4, 2, 9, 1, 1]]);
    expect(divideForPacks([])).toEqual([]);
  });
});
