import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts";
import { foldBatchNorm } from "../../src/graph/rewrite/fold-batch-norm.ts";
import { decodePhoto } from "../../src/images/decode.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { imagenetPreprocessing, normalizeInto } from "../../src/models/preprocessing.ts";
import { openNodeSession } from "../../src/runtime/node.ts";
import { decodeNpy } from "../../src/weights/npy.ts";
import { goldenFolder, goldenWeights, hasGolden } from "../support/golden.ts";

describe("refinenet-lw-mobilenet-v2", () => {
  const network = buildNetwork({ network: "refinenet-lw-mobilenet-v2", classes: 21 });

  it("has the authors' 3,284,565 parameters at 21 classes", () => {
    let count = 0;
    for (const { leaf, shape } of network.parameters.values()) {
      if (leaf?.kind === "parameter" && leaf.parameter.trainable !== false) {
        count += shape.reduce<number>((product, dim) => product * Number(dim), 1);
      }
    }
    expect(count).toBe(3_284_565);
  });

  it.skipIf(!hasGolden)("has the authors' names and shapes (needs the golden values)", () => {
    const names: unknown = JSON.parse(readFileSync(join(goldenFolder, "mbv2_21_names.json"), "utf8"));
    expect(Object.fromEntries([...network.parameters].map(([name, { shape }]) => [name, shape]))).toEqual(
      names,
    );
  });

  it.skipIf(!hasGolden).each([false, true])(
    "gives the authors' scores on a photo, batch norm folded: %s (needs the golden values)",
    async (folded) => {
      const weights = goldenWeights(network.parameters);
      const scores = folded ? foldBatchNorm([network.scores])(network.scores) : network.scores;
      const session = await openNodeSession(
        lowerToOnnx({ scores }, { parameters: (name) => weights.get(name) ?? "input" }),
      );
      const photo = await decodePhoto(join(goldenFolder, "photo_209x161.png"));
      const data = new Float32Array(3 * photo.width * photo.height);
      normalizeInto(photo, imagenetPreprocessing, data, 0);
      const result = await session.run({ image: { data, dims: [1, 3, photo.height, photo.width] } });
      await session.dispose();

      const expected = decodeNpy(
        readFileSync(join(goldenFolder, "mbv2_21_logits.npy")),
        "mbv2_21_logits.npy",
      );
      expect(result.scores?.dims).toEqual(expected.shape);
      const reference = Float64Array.from(expected.data);
      const largest = reference.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
      const error = reference.reduce(
        (max, value, index) => Math.max(max, Math.abs(value - (result.scores?.data[index] ?? Number.NaN))),
        0,
      );
      expect(error / largest).toBeLessThan(1e-4);
    },
  );
});
