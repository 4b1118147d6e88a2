import { describe, expect, it } from "vitest";
import { relu } from "../../src/graph/ops/activation.ts";
import { convolution } from "../../src/graph/ops/convolution.ts";
import { add, multiply } from "../../src/graph/ops/elementwise.ts";
import { maxPool } from "../../src/graph/ops/pooling.ts";
import { dequantize } from "../../src/graph/ops/quantize.ts";
import { input, scalar } from "../../src/graph/tensor.ts";
import { treatFeatureMaps } from "../../src/quantization/feature-maps.ts";
import { weight } from "../support/rewrite.ts";

const photo = () => dequantize(input("bytes", [1, 3, 4, 4], "uint8"), { scale: 1, zeroPoint: 0 });

describe("treatFeatureMaps", () => {
  it("leaves a photo its bytes, and pooling the range of what it reads", () => {
    const x = photo();
    const y = convolution(x, weight("w", [2, 3, 1, 1]));
    const pooled = maxPool(y, { kernel: 2 });
    const treatments = treatFeatureMaps([pooled]);
    expect([x, y, pooled].map((map) => treatments.get(map))).toEqual(["inherited", "quantized", "inherited"]);
  });

  it("leaves out what a ReLU alone reads, and nothing that others read too", () => {
    const y = convolution(photo(), weight("w", [2, 3, 1, 1]));
    const alone = relu(y);
    const absorbed = treatFeatureMaps([alone]);
    expect([y, alone].map((map) => absorbed.get(map))).toEqual(["absorbed", "quantized"]);
    const both = treatFeatureMaps([add(alone, y)]);
    expect([y, alone].map((map) => both.get(map))).toEqual(["quantized", "quantized"]);
  });

  it("quantizes sums of what is quantized, and what a convolution reads", () => {
    const y = convolution(photo(), weight("w", [3, 3, 1, 1]));
    const doubled = multiply(y, scalar(2));
    const read = convolution(doubled, weight("v", [3, 3, 1, 1]));
    const unread = multiply(y, scalar(3));
    const treatments = treatFeatureMaps([add(read, unread), add(read, y)]);
    expect(treatments.get(doubled)).toBe("quantized");
    expect(treatments.get(unread)).toBeUndefined();
    const sums = [...treatments].filter(([map]) => map.op === "add");
    expect(sums.map(([map, treatment]) => [map.inputs.includes(y), treatment])).toEqual([
      [true, "quantized"],
    ]);
  });
});
