import { readdir } from "node:fs/promises";
import { expect, it, vi } from "vitest";
import type { OpDefinition } from "../../src/graph/op.ts";
import type { Tensor } from "../../src/graph/tensor.ts";

/** All ops that importing src/graph/ops defines: name, and whether it has a gradient. */
const { ops } = vi.hoisted(() => ({ ops: new Map<string, string>() }));

vi.mock("../../src/graph/op.ts", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../src/graph/op.ts")>();
  return {
    ...original,
    defineOp<I extends readonly Tensor[], A>(definition: OpDefinition<I, A>) {
      expect(ops.has(definition.name), `two ops are named ${definition.name}`).toBe(false);
      ops.set(definition.name, definition.gradient ? "gradient" : "no gradient");
      return original.defineOp(definition);
    },
  };
});

it("lists every op, and which of them can be differentiated", async () => {
  const folder = new URL("../../src/graph/ops/", import.meta.url);
  for (const file of await readdir(folder)) await import(new URL(file, folder).href);
  const names = (kind: string) => [...ops].filter(([, has]) => has === kind).map(([name]) => name);
  expect(names("gradient").toSorted()).toMatchInlineSnapshot(`
    [
      "add",
      "averagePool",
      "batchNorm",
      "broadcast",
      "concat",
      "convolution",
      "divide",
      "dropout",
      "exp",
      "flatten",
      "gatherPixels",
      "gelu",
      "hardPixels",
      "log",
      "logSoftmax",
      "matmul",
      "maxPool",
      "mean",
      "multiply",
      "negativeLogLikelihood",
      "oneHot",
      "pad",
      "relu",
      "relu6",
      "reshape",
      "resize",
      "slice",
      "softmax",
      "squareRoot",
      "subtract",
      "sum",
      "topK",
      "unflatten",
    ]
  `);
  // Gradients of other ops, inference, and int8.
  expect(names("no gradient").toSorted()).toMatchInlineSnapshot(`
    [
      "activationMask",
      "bestClass",
      "bytePlanes",
      "confidence",
      "convolutionDataGradient",
      "convolutionWeightGradient",
      "dequantize",
      "geluGradient",
      "logSoftmaxGradient",
      "maxPoolGradient",
      "negativeLogLikelihoodGradient",
      "pack",
      "pixelPlanes",
      "quantize",
      "resizeGradient",
      "resizeLabelTensor",
      "scatterPixels",
      "storedWeight",
      "unpack",
    ]
  `);
});
