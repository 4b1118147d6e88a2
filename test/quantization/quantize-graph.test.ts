import { describe, expect, it } from "vitest";
import { relu6 } from "../../src/graph/ops/activation.ts";
import { convolution } from "../../src/graph/ops/convolution.ts";
import { add } from "../../src/graph/ops/elementwise.ts";
import { maxPool } from "../../src/graph/ops/pooling.ts";
import { resize } from "../../src/graph/ops/resize.ts";
import { symbol } from "../../src/graph/shape.ts";
import { input, parameter, type Tensor } from "../../src/graph/tensor.ts";
import { treatFeatureMaps } from "../../src/quantization/feature-maps.ts";
import { quantizeGraph } from "../../src/quantization/quantize-graph.ts";
import { floats, runGraph } from "../support/run-graph.ts";

const [H, W] = [symbol("H"), symbol("W")];
const initialization = { kind: "constant", value: 0 } as const;

function smallGraph() {
  const x = input("x", [1, 1, H, W]);
  const weight = parameter("weight", [2, 1, 1, 1], { initialization });
  const bias = parameter("bias", [2], { initialization });
  const wide = convolution(x, weight, { bias });
  const active = relu6(wide);
  const pooled = maxPool(active, { kernel: 3, padding: 1 });
  const sum = add(active, pooled);
  const activeSum = relu6(sum);
  return { x, wide, active, pooled, sum, activeSum };
}

describe("treatFeatureMaps", () => {
  it("absorbs what only a ReLU reads, and hands ranges on through pooling", () => {
    const { x, wide, active, pooled, sum, activeSum } = smallGraph();
    const treatments = treatFeatureMaps([activeSum]);
    const expected = ["quantized", "absorbed", "quantized", "inherited", "absorbed", "quantized"];
    expect([x, wide, active, pooled, sum, activeSum].map((map) => treatments.get(map))).toEqual(expected);
  });

  it("keeps what others read as well, and knows nothing of maps that no convolution made or reads", () => {
    const { wide, activeSum } = smallGraph();
    expect(treatFeatureMaps([activeSum, wide]).get(wide)).toBe("quantized");
    const image = input("x", [1, 1, H, W]);
    expect(treatFeatureMaps([relu6(add(image, maxPool(image, { kernel: 3, padding: 1 })))]).size).toBe(0);
  });
});

describe("quantizeGraph", () => {
  const weights = new Map([
    ["weight", Float32Array.of(1.27, -0.5)],
    ["bias", Float32Array.of(0.25, 2)],
  ]);
  const options = {
    quantizationOf: () => ({ scale: 0.25, zeroPoint: 0 }),
    meansOf: () => [0],
    weights,
    bits: 8,
  } as const;

  it("computes in steps, and clips where the ReLU6 would: by hand", async () => {
    const { active } = smallGraph();
    const quantizationOf = (map: Tensor) => ({ scale: map === active ? 6 / 255 : 0.25, zeroPoint: 0 });
    const treatments = treatFeatureMaps([active]);
    const current = quantizeGraph([active], { ...options, treatments, quantizationOf });
    const x = floats([0.3, 1, 63], [1, 1, 1, 3]);
    const { y } = await runGraph({ y: current(active) }, { x });
    // x in steps of 1/4: 0.25, 1, 63; times 1.27 and -0.5, plus 0.25 and 2; then steps of 6/255 from 0 to 6.
    const steps = (value: number) => (Math.round((value * 255) / 6) * 6) / 255;
    const exact = [steps(0.5675), steps(1.52), 6, steps(1.875), steps(1.5), 0];
    expect(y.shape).toEqual([1, 2, 1, 3]);
    for (const [index, value] of exact.entries()) expect(y.data[index]).toBeCloseTo(value, 2);
  });

  it("pools and resizes whole numbers, to the size of a map that stays whole", async () => {
    const { pooled } = smallGraph();
    const large = resize(pooled, {
      like: input("like", [1, 1, symbol("h"), symbol("w")]),
      alignCorners: true,
    });
    const treatments = treatFeatureMaps([large]);
    expect(treatments.get(large)).toBe("inherited");
    const current = quantizeGraph([large], { ...options, treatments });
    const { y } = await runGraph(
      { y: current(large) },
      { x: floats([1, 2, 3, 1], [1, 1, 2, 2]), like: floats(new Float32Array(9), [1, 1, 3, 3]) },
    );
    expect(y.shape).toEqual([1, 2, 3, 3]);
    // 3 * 1.27 + 0.25 = 4.06 is 4 in quarters; -0.5 * 1 + 2 = 1.5. Every window holds all four.
    expect([...y.data]).toEqual([
      ...Array.from({ length: 9 }, () => 4),
      ...Array.from({ length: 9 }, () => 1.5),
    ]);
  });

  it("takes what rounding the weights adds to the mean out of the bias", async () => {
    const x = input("x", [1, 2, H, W]);
    const y = convolution(x, parameter("weight", [1, 2, 1, 1], { initialization }));
    const treatments = treatFeatureMaps([y]);
    const run = async (means: number[]) => {
      const current = quantizeGraph([y], {
        ...options,
        treatments,
        bits: 7,
        // 0.25 of 63 is 15.75, which becomes 16: too much by 0.25 / 63 of each value.
        weights: new Map([["weight", Float32Array.of(1, 0.25)]]),
        quantizationOf: (map) => ({ scale: map === x ? 1 : 0.5, zeroPoint: 0 }),
        meansOf: () => means,
      });
      return (await runGraph({ y: current(y) }, { x: floats([0, 252], [1, 2, 1, 1]) })).y.data[0];
    };
    expect(await run([0, 0])).toBe(64);
    expect(await run([0, 252])).toBe(63);
  });

  it("stores a weight once for each convolution that shares it, in steps that suit its input", async () => {
    const x = input("x", [1, 1, H, W]);
    const weight = parameter("weight", [1, 1, 1, 1], { initialization });
    const bias = parameter("bias", [1], { initialization });
    const y = convolution(convolution(x, weight, { bias }), weight, { bias });
    const current = quantizeGraph([y], {
      ...options,
      treatments: treatFeatureMaps([y]),
      weights: new Map([
        ["weight", Float32Array.of(0.5)],
        ["bias", Float32Array.of(4)],
      ]),
      quantizationOf: (map) => ({ scale: map === x ? 1 : 0.25, zeroPoint: 0 }),
    });
    const result = await runGraph({ y: current(y) }, { x: floats([12], [1, 1, 1, 1]) });
    expect([...result.y.data]).toEqual([9]);
  });
});
