import { expect, it } from "vitest";
import { maskDoubtful } from "../../src/batch/confident-mask.ts";

it("ignores pixels below the threshold, by the nearest confidence of a shrunk photo", () => {
  const labels = Uint8Array.of(1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3);
  const confidence = Float32Array.of(0.25, 0.75, 0.5);
  const pixelConfidence = { width: 3, height: 1, data: confidence };
  const mask = maskDoubtful({ width: 6, height: 2, labels, pixelConfidence }, 0.5);
  expect([...mask]).toEqual([255, 255, 2, 2, 3, 3, 255, 255, 2, 2, 3, 3]);
  expect([...labels.subarray(0, 2)]).toEqual([1, 1]);

  // 2 x 6 pixels, seen at 1 x 2: the lower half is doubtful.
  const upright = { width: 1, height: 2, data: Float32Array.of(1, 0) };
  const tall = maskDoubtful({ width: 2, height: 6, labels, pixelConfidence: upright }, 0.5);
  expect([...tall]).toEqual([1, 1, 2, 2, 3, 3, 255, 255, 255, 255, 255, 255]);
});
