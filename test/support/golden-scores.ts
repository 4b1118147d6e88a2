import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts";
import { foldBatchNorm } from "../../src/graph/rewrite/fold-batch-norm.ts";
import { decodePhoto } from "../../src/images/node/decode.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { normalizeInto } from "../../src/models/preprocessing.ts";
import { findNetwork } from "../../src/models/zoo.ts";
import { openNodeSession } from "../../src/runtime/node.ts";
import { decodeNpy } from "../../src/weights/npy.ts";
import { goldenFolder, goldenWeights } from "./golden.ts";

/**
 * Runs a network, its weights filled by formula, on the golden photo and compares with the authors' raw scores.
 *
 * @param file name of a golden file, `[1, classes, h, w]`
 * @param folded whether batch norm is folded first; defaults to true
 */
export async function expectGoldenScores(
  network: string,
  file: string,
  { folded = true } = {},
): Promise<void> {
  const expected = decodeNpy(readFileSync(join(goldenFolder, file)), file);
  const { scores, parameters } = buildNetwork({ network, classes: expected.shape[1] ?? 0 });
  const weights = goldenWeights(parameters);
  const graph = folded ? foldBatchNorm([scores])(scores) : scores;
  const session = await openNodeSession(
    lowerToOnnx({ scores: graph }, { parameters: (name) => weights.get(name) ?? "input" }),
  );
  try {
    const photo = await decodePhoto(join(goldenFolder, "photo_209x161.png"));
    const data = new Float32Array(3 * photo.width * photo.height);
    normalizeInto(photo, findNetwork(network).backbone.preprocessing, data, 0);
    const result = await session.run({ image: { data, dims: [1, 3, photo.height, photo.width] } });
    expect(result.scores?.dims).toEqual(expected.shape);
    expect(relativeError(result.scores?.data ?? [], expected.data)).toBeLessThan(1e-4);
  } finally {
    await session.dispose();
  }
}

/** The largest difference, relative to the largest expected value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  let error = 0;
  for (let index = 0; index < expected.length; index++) {
    const value = expected[index] ?? Number.NaN;
    largest = Math.max(largest, Math.abs(value));
    error = Math.max(error, Math.abs(value - (actual[index] ?? Number.NaN)));
  }
  return error / largest;
}
