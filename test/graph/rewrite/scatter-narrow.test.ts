import { describe, expect, it } from "vitest";
import { lowerToOnnx } from "../../../src/graph/onnx/lower.ts";
import { convolution } from "../../../src/graph/ops/convolution.ts";
import { scatterNarrow } from "../../../src/graph/rewrite/scatter-narrow.ts";
import { input, parameter, type Tensor } from "../../../src/graph/tensor.ts";
import { expectClose, uniform } from "../../support/array.ts";
import { countOptimizedNodes } from "../../support/optimized-graph.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

const x = input("x", [1, 8, 5, 7]);
const weight = (dims: readonly number[]) =>
  parameter("weight", dims, { initialization: { kind: "constant", value: 0 } });
const classifier = convolution(x, weight([3, 8, 3, 3]), { padding: 1, bias: input("bias", [3]) });
const rewrite = (tensor: Tensor) => scatterNarrow([tensor])(tensor);

describe("scatterNarrow", () => {
  it("gives a classifier's scores", async () => {
    const scattered = rewrite(classifier);
    expect(scattered).not.toBe(classifier);
    const results = await runGraph(
      { plain: classifier, scattered },
      {
        x: floats(uniform([1, 8, 5, 7]).data, [1, 8, 5, 7]),
        weight: floats(uniform([3, 8, 3, 3], { seed: "weight" }).data, [3, 8, 3, 3]),
        bias: floats([1, -2, 3], [3]),
      },
    );
    expectClose(results.scattered, results.plain, { tolerance: 1e-5, name: "scores" });
  });

  it("leaves the engine one node: the weight is turned when the session is opened", async () => {
    const kernels = Float32Array.from(uniform([3, 8, 3, 3]).data);
    const model = lowerToOnnx({ y: rewrite(classifier) }, { parameters: () => kernels });
    expect(await countOptimizedNodes(model)).toEqual({ ConvTranspose: 1 });
  });

  it.each<[string, Tensor]>([
    ["1x1", convolution(x, weight([3, 8, 1, 1]))],
    ["as many channels out as in", convolution(x, weight([8, 8, 3, 3]), { padding: 1 })],
    ["stride 2", convolution(x, weight([3, 8, 3, 3]), { padding: 1, stride: 2 })],
    ["groups", convolution(x, weight([2, 4, 3, 3]), { padding: 1, groups: 2 })],
  ])("leaves others: %s", (_name, y) => expect(rewrite(y)).toBe(y));
});
