import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts";
import { foldBatchNorm } from "../../src/graph/rewrite/fold-batch-norm.ts";
import { countValues } from "../../src/graph/shape.ts";
import { isTrainable } from "../../src/graph/tensor.ts";
import { buildNetwork, type Network, parameterShapes } from "../../src/models/network.ts";
import { createRandom, fnv1a } from "../../src/random.ts";
import { openNodeSession } from "../../src/runtime/node.ts";
import family from "../fixtures/family.json" with { type: "json" };
import { goldenFolder, goldenValues, hasGolden } from "../support/golden.ts";
import { expectGoldenScores, relativeError } from "../support/golden-scores.ts";

const { classes, every } = family;

/** Lowering and loading these takes seconds and gigabytes; their halves are run in other networks. */
const COUNTED_ONLY = ["refinenet-lw-rcu-152", "refinenet-152"];

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
    "gives PyTorch's scores (but for two of the largest)",
    async () => {
      const { data, dims } = await run(network, expected.input);
      expect(dims).toEqual(expected.output);
      const sampled = expected.scores.map((_, index) => data[every * index] ?? Number.NaN);
      const largest = data.reduce((max, score) => Math.max(max, Math.abs(score)), 0);
      expect(relativeError([...sampled, largest], [...expected.scores, expected.largest])).toBeLessThan(1e-4);
    },
    TIMEOUT_MS,
  );
});

describe.skipIf(!hasGolden)("the authors' networks (needs the golden values)", () => {
  it.each([
    ["refinenet-lw-50", "rf_lw50_21_names.json"],
    ["refinenet-lw-mobilenet-v2", "mbv2_21_names.json"],
    ["refinenet-101", "refinenet101_21_names.json"],
  ])("%s has the same names and shapes", (network, file) => {
    const names: unknown = JSON.parse(readFileSync(join(goldenFolder, file), "utf8"));
    expect(Object.fromEntries(parameterShapes(buildNetwork({ network, classes: 21 })))).toEqual(names);
  });

  it.each([
    ["refinenet-lw-50", "rf_lw50_21_logits.npy", true],
    ["refinenet-lw-mobilenet-v2", "mbv2_21_logits.npy", true],
    ["refinenet-lw-mobilenet-v2", "mbv2_21_logits.npy", false],
  ])(
    "%s gives the same scores on a photo: %s, batch norm folded: %s",
    async (network, file, folded) => {
      await expectGoldenScores(network, file, { folded });
    },
    TIMEOUT_MS,
  );
});

/** The scores of a photo by formula, all parameters filled by formula, batch norm folded. */
async function run(network: Network, dims: readonly number[]) {
  const shapes = parameterShapes(network);
  const scores = foldBatchNorm([network.scores])(network.scores);
  const session = await openNodeSession(
    lowerToOnnx({ scores }, { parameters: (name) => valuesOf(name, shapes.get(name) ?? []) }),
  );
  try {
    const random = createRandom(fnv1a("image"));
    const data = Float32Array.from({ length: countValues(dims) }, () => 2 * random() - 1);
    const result = await session.run({ image: { data, dims } });
    return { data: Float64Array.from(result.scores?.data ?? []), dims: result.scores?.dims };
  } finally {
    await session.dispose();
  }
}

const known = new Map<string, Float32Array>();

/** The networks have most names and shapes in common, hence most values, and these take longest: each is computed once. */
function valuesOf(name: string, shape: readonly number[]): Float32Array {
  const key = `${name} ${shape}`;
  const values = known.get(key) ?? goldenValues(name, shape);
  known.set(key, values);
  return values;
}
