import { describe, expect, it } from "vitest";
import { countCost } from "../../src/analysis/cost.ts";

describe("countCost", () => {
  it("counts 3.28 M parameters and 8.58 G multiply-accumulates for RefineNet-LW-MobileNet-v2 at 512x512", () => {
    const cost = countCost("refinenet-lw-mobilenet-v2", { classes: 21, size: [512, 512] });
    expect(cost.parameters).toEqual({ total: 3_284_565, encoder: 1_812_800, decoder: 1_471_765 });
    expect(cost.macs / 1e9).toBeCloseTo(8.584, 3);
    expect(cost.flops).toBe(2 * cost.macs);
  });

  it("grows with the classifier alone when classes are added: 256 x 3 x 3 weights and a bias each", () => {
    const size = [64, 64] as const;
    const few = countCost("refinenet-lw-mobilenet-v2", { classes: 1, size });
    const more = countCost("refinenet-lw-mobilenet-v2", { classes: 2, size });
    expect(more.parameters.total - few.parameters.total).toBe(256 * 9 + 1);
    expect(more.macs - few.macs).toBe(256 * 9 * 16 * 16);
  });
});
