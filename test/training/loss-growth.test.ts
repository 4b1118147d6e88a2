import { describe, expect, it } from "vitest";
import { LossGrowth } from "../../src/training/loss-growth.ts";

/** Feeds losses. @returns the number of losses after which something was said, and what */
function follow(losses: readonly number[]): [number, string][] {
  const growth = new LossGrowth();
  return losses.flatMap((loss, index): [number, string][] => {
    const said = growth.add(loss);
    return said === undefined ? [] : [[index + 1, said]];
  });
}
const repeat = (loss: number, times: number) => Array.from({ length: times }, () => loss);

describe("LossGrowth", () => {
  it("speaks once, when the moving average is ten times the median of the first twenty steps", () => {
    // After n steps of 30 the average is 30 - 28 · 0.9^n: 20.24 for n = 10, 19.15 for n = 9.
    const losses = [...repeat(1, 5), ...repeat(2, 14), 1e4, ...repeat(30, 20)];
    expect(follow(losses)).toEqual([[30, "the loss grows: 20.2 now, 2.00 in the first 20 steps"]]);
  });

  it("says nothing of single outliers, of a loss that falls, or of one that begins high", () => {
    expect(follow([...repeat(1, 20), 50, ...repeat(1, 20)])).toEqual([]);
    expect(follow([...repeat(3, 20), ...repeat(0.1, 100)])).toEqual([]);
    expect(follow([...repeat(1e6, 20), ...repeat(5e6, 20)])).toEqual([]);
  });

  it("passes over batches without a labelled pixel, whose loss is 0", () => {
    expect(follow([...repeat(0.7, 9), ...repeat(0, 11), ...repeat(0.3, 40)])).toEqual([]);
  });
});
