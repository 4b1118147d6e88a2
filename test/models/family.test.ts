import { describe, expect, it } from "vitest";
import { foldBatchNorm } from "../../src/graph/rewrite/fold-batch-norm.ts";
import { countValues } from "../../src/graph/shape.ts";
import { isTrainable } from "../../src/graph/tensor.ts";
import { buildNetwork, parameterShapes } from "../../src/models/network.ts";
import family from "../fixtures/family.json" with { type: "json" };
import { expectSampled, readNames, runByFormula } from "../support/run-by-formula.ts";

const { classes, every } = family;

/** Lowering and loading these takes seconds and gigabytes; their halves are run in other networks. */
const COUNTED_ONLY = ["refinenet-lw-rcu-101", "refinenet-lw-rcu-152", "refinenet-101", "refinenet-152"];

/** The largest networks take seconds each, and many times that on a busy machine. */
const TIMEOUT_MS = 600_000;

describe.each(Object.entries(family.networks))("%s", (name, expected) => {
  const network = buildNetwork({ network: name, classes });

  it("has as many parameters as in PyTorch", () => {
    const count = [...network.parameters.values()]
      .filter(isTrainable)
      .reduce((sum, { shape }) => sum + countValues(shape.map(Number)), 0);
    expect(count).toBe(expected.parameters);
  });

  it.skipIf(COUNTED_ONLY.includes(name))(
    "gives PyTorch's scores (but for four of the largest)",
    async () => {
      const scores = foldBatchNorm([network.scores])(network.scores);
      const actual = await runByFormula({ scores }, parameterShapes(network), expected.input);
      expectSampled(actual.scores, { ...expected, values: expected.scores }, every);
    },
    TIMEOUT_MS,
  );
});

describe("refinenet-lw-mobilenet-v2, batch norm not folded", () => {
  it("gives PyTorch's scores", async () => {
    const name = "refinenet-lw-mobilenet-v2";
    const expected = family.networks[name];
    const network = buildNetwork({ network: name, classes });
    const actual = await runByFormula({ scores: network.scores }, parameterShapes(network), expected.input);
    expectSampled(actual.scores, { ...expected, values: expected.scores }, every);
  });
});

it.each(["refinenet-lw-50", "refinenet-lw-mobilenet-v2", "refinenet-101"])(
  "%s has the authors' names and shapes",
  (network) => {
    const shapes = parameterShapes(buildNetwork({ network, classes: 21 }));
    expect(Object.fromEntries(shapes)).toEqual(readNames(network));
  },
);
