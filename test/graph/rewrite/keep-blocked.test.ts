import { describe, expect, it } from "vitest";
import { lowerToOnnx } from "../../../src/graph/onnx/lower.ts";
import { relu, relu6 } from "../../../src/graph/ops/activation.ts";
import { convolution } from "../../../src/graph/ops/convolution.ts";
import { add } from "../../../src/graph/ops/elementwise.ts";
import { maxPool } from "../../../src/graph/ops/pooling.ts";
import { keepBlocked } from "../../../src/graph/rewrite/keep-blocked.ts";
import { input, parameter, type Tensor } from "../../../src/graph/tensor.ts";
import { uniform } from "../../support/array.ts";
import { countOptimizedNodes } from "../../support/optimized-graph.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

const x = input("x", [1, 32, 9, 7]);
const convolve = (name: string, input: Tensor) =>
  convolution(input, parameter(name, [32, 32, 1, 1], { initialization: { kind: "constant", value: 0 } }));
const rewrite = (tensor: Tensor) => keepBlocked([tensor])(tensor);

/** A sum, ReLU6, and one link of residual pooling, as in the decoder for MobileNet-v2. */
const fused = relu6(add(convolve("a", x), convolve("b", x)));
const pooled = convolve("d", add(fused, convolve("c", maxPool(fused, { kernel: 5, padding: 2 }))));

describe("keepBlocked", () => {
  it("keeps every value bit for bit, those beyond 0 and 6 too", async () => {
    const sum = add(x, x);
    const [plain, rewritten] = [relu6(sum), rewrite(relu6(sum))];
    expect(rewritten).not.toBe(plain);
    const feeds = { x: floats(uniform([1, 32, 9, 7], { low: -5, high: 5 }).data, [1, 32, 9, 7]) };
    const results = await runGraph({ plain, rewritten }, feeds);
    expect(results.rewritten).toEqual(results.plain);
  });

  it("spares ONNX Runtime the reordering that ReLU6 of a sum brings about", async (ctx) => {
    const kernels = uniform([32, 32, 1, 1]).data;
    const count = (y: Tensor) =>
      countOptimizedNodes(lowerToOnnx({ y }, { parameters: () => Float32Array.from(kernels) }));
    const before = await count(pooled);
    if (!before.ReorderOutput) ctx.skip("ONNX Runtime has no blocked layout on this processor");
    expect(before.Clip).toBe(1);
    const after = await count(rewrite(pooled));
    expect(after).not.toHaveProperty("Clip");
    expect(after.ReorderOutput).toBe(1);
  });

  it("leaves ReLU6 of a convolution, and ReLU", () => {
    for (const plain of [relu6(convolve("a", x)), relu(add(x, x))]) expect(rewrite(plain)).toBe(plain);
  });
});
