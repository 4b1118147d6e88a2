import { describe, expect, it } from "vitest";
import { maxPool } from "../../../src/graph/ops/pooling.ts";
import { quantize, storedWeight } from "../../../src/graph/ops/quantize.ts";
import { resize } from "../../../src/graph/ops/resize.ts";
import { input } from "../../../src/graph/tensor.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

const x = input("x", [1, 1, 1, 4]);

describe("quantize", () => {
  it("rounds ties to even and clips to 0..255", async () => {
    const bytes = quantize(x, { scale: 2, zeroPoint: 10 });
    const { bytes: result } = await runGraph({ bytes }, { x: floats([-21, 1, 3, 1000], [1, 1, 1, 4]) });
    expect(Array.from(result.data)).toEqual([0, 10, 12, 255]);
  });

  it("gives bytes, which pooling and resizing keep", async () => {
    const bytes = quantize(x, { scale: 1, zeroPoint: 0 });
    const pooled = maxPool(bytes, { kernel: 3, padding: 1 });
    expect([bytes.dtype, pooled.dtype]).toEqual(["uint8", "uint8"]);
    expect(resize(bytes, { size: [2, 8], alignCorners: false }).dtype).toBe("uint8");
    const { pooled: result } = await runGraph({ pooled }, { x: floats([7, 1, 2, 9], [1, 1, 1, 4]) });
    expect(Array.from(result.data)).toEqual([7, 7, 9, 9]);
  });

  it.each([
    ["scale", { scale: -1, zeroPoint: 0 }],
    ["scale", { scale: Number.NaN, zeroPoint: 0 }],
    ["zeroPoint", { scale: 1, zeroPoint: 300 }],
    ["zeroPoint", { scale: 1, zeroPoint: 0.5 }],
  ])("refuses a %s that means nothing: %o", (argument, quantization) => {
    expect(() => quantize(x, quantization)).toThrow(new RegExp(`quantize: ${argument} must`));
  });
});

describe("storedWeight", () => {
  const weight = { name: "w", values: Int8Array.of(1, -2, 3, 4), shape: [2, 1, 1, 2] };

  it("has a scale for each output channel", async () => {
    const kernels = storedWeight({ ...weight, scales: Float32Array.of(0.5, 10) });
    expect(Array.from((await runGraph({ kernels })).kernels.data)).toEqual([0.5, -1, 30, 40]);
  });

  it("refuses another number of scales or values", () => {
    const rule = /storedWeight: w must have the values of \[2, 1, 1, 2\] and a scale for each index/;
    expect(() => storedWeight({ ...weight, scales: Float32Array.of(1) })).toThrow(rule);
    const scales = Float32Array.of(1, 1);
    expect(() => storedWeight({ ...weight, values: Int8Array.of(1, 2), scales })).toThrow(rule);
  });
});
