/** A new op is one file: this one, defined here, goes everywhere without a change elsewhere. */
import { describe, expect, it } from "vitest";
import { listLayers } from "../../src/analysis/layers.ts";
import { peakActivationBytes } from "../../src/analysis/memory.ts";
import { defineOp, type Op } from "../../src/graph/op.ts";
import { convolution } from "../../src/graph/ops/convolution.ts";
import { multiply } from "../../src/graph/ops/elementwise.ts";
import { foldConstants } from "../../src/graph/rewrite/fold-constants.ts";
import { keepBlocked } from "../../src/graph/rewrite/keep-blocked.ts";
import { countValues, fixedShape } from "../../src/graph/shape.ts";
import { input, parameter, scalar, type Tensor } from "../../src/graph/tensor.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { treatFeatureMaps } from "../../src/quantization/feature-maps.ts";
import { uniform } from "../support/array.ts";
import { checkOp } from "../support/gradient-check.ts";
import { floats, runGraph } from "../support/run-graph.ts";

/** `max(x, slope x)`, 0 < slope < 1 (Maas et al. 2013). */
const leakyReluOp: Op<[x: Tensor], { slope: number }> = defineOp({
  name: "leakyRelu",
  infer: ([x]) => ({ shape: x.shape }),
  // dx = dy slope(x), which is leakyRelu'(x): 1 above 0, slope below.
  gradient: ({ inputs: [x], attributes }, dy) => [multiply(dy, slopeOp([x], attributes))],
  macs: ({ output }) => countValues(fixedShape("leakyRelu", output.shape)),
  onnx: ({ inputs: [x], attributes: { slope } }, onnx) =>
    onnx.node("LeakyRelu", [x], { alpha: { float: slope } }),
  evaluate: ([{ data }], { attributes: { slope } }) => data.map((x) => Math.max(x, slope * x)),
  describe: ({ attributes: { slope } }) => `slope ${slope}`,
  otherOperations: ({ output }) => 2 * countValues(fixedShape("leakyRelu", output.shape)),
  pooledValues: () => 3,
  inPlace: true,
  quantized: "absorbs",
  blockedForm: ({ inputs: [x], attributes }) => (x.op === "multiply" ? undefined : scaled(x, attributes)),
});

const slopeOp = defineOp<[x: Tensor], { slope: number }>({
  name: "leakyReluSlope",
  infer: ([x]) => ({ shape: x.shape }),
  onnx({ inputs: [x], attributes: { slope } }, onnx) {
    const isPositive = onnx.node("Greater", [x, onnx.float(0)]);
    return onnx.node("Where", [isPositive, onnx.float(1), onnx.float(slope)]);
  },
});

const slope = 0.25;
const leakyRelu = (x: Tensor) => leakyReluOp([x], { slope });
const scaled = (x: Tensor, attributes: { slope: number }) =>
  leakyReluOp([multiply(x, scalar(1))], attributes);

const initialization = { kind: "constant", value: 0 } as const;
const image = input("image", [1, 3, 4, 5]);
const weight = parameter("head.weight", [2, 3, 1, 1], { initialization });
const scores = leakyRelu(convolution(image, weight));

describe("an op of one definition", () => {
  it("runs and has its gradient", async () => {
    await checkOp({
      variables: { x: uniform([2, 3, 4], { low: -2, high: 2 }) },
      apply: ({ x }) => leakyRelu(x),
      reference: ({ x }) => ({ ...x, data: x.data.map((value) => Math.max(value, slope * value)) }),
    });
  });

  it("stands in the table of layers and in all counts", () => {
    const network = { ...buildNetwork({ network: "refinenet-lw+resnet-18", classes: 2 }), scores };
    expect(listLayers(network)).toMatchObject([
      { op: "convolution", name: "head" },
      { op: "leakyRelu", detail: "slope 0.25", macs: 40, pooled: 3, output: [1, 2, 4, 5] },
    ]);
    expect(scores.otherOperations()).toBe(80);
  });

  it("takes the place of its input in memory", () => {
    expect(peakActivationBytes([scores])).toBe(4 * (60 + 40));
  });

  it("is computed ahead of the run where its input is a weight", async () => {
    const values = Float32Array.of(-4, 4, 2, -2, 0, 1);
    const folded = foldConstants([convolution(image, leakyRelu(weight))], () => values);
    expect([...folded.weights]).toEqual([["%of:head.weight", Float32Array.of(-1, 4, 2, -0.5, 0, 1)]]);
  });

  it("takes over the clipping of a convolution in int8", () => {
    const [x] = scores.inputs;
    const treatments = treatFeatureMaps([scores]);
    expect([image, x, scores].map((map) => map && treatments.get(map))).toEqual([
      "quantized",
      "absorbed",
      "quantized",
    ]);
  });

  it("has a form of its own for the blocked layout", async () => {
    const blocked = keepBlocked([scores])(scores);
    expect(blocked.inputs[0]?.op).toBe("multiply");
    const feeds = {
      image: floats(uniform([1, 3, 4, 5]).data, [1, 3, 4, 5]),
      "head.weight": floats([1, -1, 2, 0.5, -2, 1], [2, 3, 1, 1]),
    };
    const results = await runGraph({ scores, blocked }, feeds);
    expect(results.blocked).toEqual(results.scores);
  });
});
