import { describe, expect, it } from "vitest";
import { countCost } from "../../src/analysis/cost.ts";

describe("countCost", () => {
  // The authors' numbers at 21 classes.
  it.each([
    ["refinenet-lw-50", 27_357_525],
    ["refinenet-lw-101", 46_349_653],
    ["refinenet-lw-152", 61_993_301],
    ["refinenet-lw-mobilenet-v2", 3_284_565],
    ["refinenet-101", 118_052_437],
  ])("counts the parameters of %s: %i", (network, parameters) => {
    expect(countCost({ network, classes: 21, size: [64, 64] }).parameters.total).toBe(parameters);
  });

  it("counts 8.58 G multiply-accumulates for RefineNet-LW-MobileNet-v2 at 512x512", () => {
    const cost = countCost({ network: "refinenet-lw-mobilenet-v2", classes: 21, size: [512, 512] });
    expect(cost.parameters).toEqual({ total: 3_284_565, encoder: 1_812_800, decoder: 1_471_765 });
    expect(cost.parametersByGroup).toMatchObject({
      layer1: 928,
      crp4: 4 * 256 * 256,
      segm: 256 * 9 * 21 + 21,
    });
    expect(cost.macs.total / 1e9).toBeCloseTo(8.584, 3);
    expect(cost.flops).toBe(2 * cost.macs.total);
  });

  it("grows with the classifier alone when classes are added: 256 x 3 x 3 weights and a bias each", () => {
    const options = { network: "refinenet-lw-mobilenet-v2", size: [64, 64] } as const;
    const few = countCost({ ...options, classes: 1 });
    const more = countCost({ ...options, classes: 2 });
    expect(more.parameters.decoder - few.parameters.decoder).toBe(256 * 9 + 1);
    expect(more.parameters.encoder).toBe(few.parameters.encoder);
    expect(more.macs.total - few.macs.total).toBe(256 * 9 * 16 * 16);
  });

  it("grows with the pixels", () => {
    const at = (side: number) => countCost({ network: "refinenet-lw-50", classes: 21, size: [side, side] });
    expect(at(256).macs.total).toBe(4 * at(128).macs.total);
    expect(at(256).pooled).toBe(4 * at(128).pooled);
    expect(at(256).peakActivationBytes).toBe(4 * at(128).peakActivationBytes);
  });
});
