import { describe, expect, it } from "vitest";
import { foldBatchNorm } from "../../src/graph/rewrite/fold-batch-norm.ts";
import { countValues } from "../../src/graph/shape.ts";
import { isTrainable } from "../../src/graph/tensor.ts";
import { buildNetwork, parameterShapes } from "../../src/models/network.ts";
import { findNetwork } from "../../src/models/zoo.ts";
import features from "../fixtures/features.json" with { type: "json" };
import { expectSampled, readNames, runByFormula } from "../support/run-by-formula.ts";

function countParameters(network: string, auxiliary: boolean): number {
  const { parameters } = buildNetwork({ network, classes: 19, auxiliary });
  return [...parameters.values()]
    .filter(isTrainable)
    .reduce((sum, { shape }) => sum + countValues(shape.map(Number)), 0);
}

describe("NDNet", () => {
  // The authors print the first number; the second follows from it without the auxiliary head.
  it.each([
    ["ndnet45-fcn32", 420_190, 399_947],
    ["ndnet61-fcn32", 323_334, 307_475],
    ["ndnet29-fcn32", 550_422, 521_411],
    ["ndnet29w-fcn32", 3_457_182, 3_384_331],
    ["ndnet45", 502_622, 482_379],
  ])(
    "%s has the authors' %i parameters at 19 classes, %i of them at inference",
    (network, total, inference) => {
      expect(countParameters(network, true)).toBe(total);
      expect(countParameters(network, false)).toBe(inference);
    },
  );

  it("has the FCN8-like form's 416,689 parameters at inference, and 57 for adaptive fusion", () => {
    expect(countParameters("ndnet45-fcn8", false)).toBe(416_689 + 57);
  });

  it("has the authors' names and shapes", () => {
    const network = buildNetwork({ network: "ndnet45", classes: 19, auxiliary: true });
    expect(Object.fromEntries(parameterShapes(network))).toEqual(readNames("ndnet45"));
  });

  it("gives PyTorch's logits", async () => {
    const network = buildNetwork({ network: "ndnet45", classes: 19 });
    const scores = foldBatchNorm([network.scores])(network.scores);
    const actual = await runByFormula({ scores }, parameterShapes(network), features.input);
    expectSampled(actual.scores, features.ndnet45, features.every);
  });

  it.each([
    ["ndnet45", 32],
    ["ndnet45-os16", 16],
    ["ndnet45-os8", 8],
  ])("%s keeps the size of later stages at output stride %i", (name, stride) => {
    const { scores } = buildNetwork({ network: `ndnet-fcn32+${name}`, classes: 2, size: [1, 96, 64] });
    expect(scores.shape).toEqual([1, 2, 96 / stride, 64 / stride]);
  });

  it("takes input scaled to -1..1", () => {
    const { scale, mean, std } = findNetwork("ndnet45").backbone.preprocessing;
    expect([0, 255].map((value) => (value * scale - mean[0]) / std[0])).toEqual([-1, 1]);
  });
});
