import { describe, expect, it } from "vitest";
import { exportOnnx } from "../../src/export/onnx.ts";
import { collect } from "../../src/graph/tensor.ts";
import { compileForInference } from "../../src/inference/compile.ts";
import { compileOnnx } from "../../src/inference/compile-onnx.ts";
import { upsampleLabels } from "../../src/inference/upsample-labels.ts";
import { describeNetwork, type Model } from "../../src/model-files/model.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { normalizeInto } from "../../src/models/preprocessing.ts";
import { findNetwork } from "../../src/models/zoo.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { TensorData } from "../../src/runtime/session.ts";
import { expectClose } from "../support/array.ts";
import { weightsByFormula } from "../support/formula.ts";
import { testPhoto } from "../support/model.ts";

const classes = ["sky", "road", "tree", "car", "dog"];

/** Random weights, means and variances. */
function modelOf(network: string): Model {
  const { parameters } = buildNetwork({ network, classes: classes.length });
  const weights = new Map(
    [...weightsByFormula(parameters)].map(([name, data]) => [
      name,
      { shape: parameters.get(name)?.shape.map(Number) ?? [], data },
    ]),
  );
  const palette = classes.map((_, label) => [label, label, label] as const);
  return { ...describeNetwork(network, { classes, palette }), weights };
}

async function run<Name extends string>(
  onnx: Uint8Array,
  feeds: Record<string, TensorData>,
  outputs: readonly Name[],
) {
  const session = await openNodeSession(onnx, { threads: 1 });
  try {
    return await session.run(feeds, outputs);
  } finally {
    await session.dispose();
  }
}

describe("compileForInference", () => {
  it.each(["refinenet-lw-mobilenet-v2", "refinenet-lw+resnet-18", "ndnet45", "frm-van-b0"])(
    "gives the scores of %s as it is defined, and so its labels, on photos of odd sizes",
    async (network) => {
      const model = modelOf(network);
      const photo = testPhoto(75, 53);
      const { alignCorners } = findNetwork(network).decoder;
      const data = new Float32Array(photo.data.length);
      normalizeInto(photo, model.preprocessing, data, 0);
      const plain = exportOnnx(model, { scores: true, labels: true });
      const expected = await run(plain, { image: { data, shape: [1, 3, 53, 75] } }, ["scores", "labels"]);
      const pixels = { data: photo.data, shape: [1, 53, 75, 3] };
      for (const options of [
        {},
        { size: [53, 75] as const },
        { target: "plain" } as const,
        { target: "int8" } as const,
      ]) {
        const { scores } = await run(compileOnnx(model, options), { pixels }, ["scores"]);
        expectClose(scores, expected.scores, { tolerance: 1e-4, name: "scores" });
        // Two classes may be equally good but for rounding.
        const labels = upsampleLabels(scores, { width: 75, height: 53, alignCorners });
        const same = labels.filter((label, pixel) => label === expected.labels.data[pixel]);
        expect(same.length).toBeGreaterThan(0.999 * 53 * 75);
      }
    },
  );

  it("reads finished weights alone: no batch norm, no arithmetic on parameters", () => {
    const { scores, weights } = compileForInference(modelOf("refinenet-lw-mobilenet-v2"));
    const tensors = collect([scores]);
    expect(tensors.map(({ op }) => op)).not.toContain("batchNorm");
    const parameters = tensors.filter(({ leaf }) => leaf?.kind === "parameter");
    expect(new Set(parameters.map(({ leaf }) => leaf?.kind === "parameter" && leaf.name))).toEqual(
      new Set(weights.keys()),
    );
    const fixed = new Set(tensors.filter(({ leaf }) => leaf && leaf.kind !== "input"));
    const onFixed = tensors.filter(
      ({ leaf, inputs }) => !leaf && inputs.every((tensor) => fixed.has(tensor)),
    );
    expect(onFixed).toEqual([]);
  });
});
