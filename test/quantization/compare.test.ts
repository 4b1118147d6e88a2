import { expect, it } from "vitest";
import type { Dataset } from "../../src/datasets/dataset.ts";
import type { Photo } from "../../src/images/types.ts";
import { comparePredictors } from "../../src/quantization/compare.ts";

const truths = [
  [0, 1],
  [1, 1, 255, 0],
];
const dataset: Dataset = {
  ...{ name: "rows", split: "val", size: 2, ids: ["0", "1"] },
  labels: {
    classes: ["a", "b"],
    palette: [
      [0, 0, 0],
      [1, 1, 1],
    ],
    ignoreLabel: 255,
  },
  async load(index) {
    const data = Uint8Array.from(truths[index] ?? []);
    const width = data.length;
    return {
      id: String(index),
      photo: { width, height: 1, data: new Uint8Array(3 * width) },
      labels: { width, height: 1, data },
    };
  },
};

/** Gives these labels for photos as wide as there are labels. */
const predictor =
  (...rows: number[][]) =>
  async ({ width }: Photo) => ({
    width,
    height: 1,
    data: Uint8Array.from(rows.find(({ length }) => length === width) ?? []),
  });

it("measures both, and the pixels of all photos that they agree on", async () => {
  const steps: string[] = [];
  const { before, after, agreement } = await comparePredictors(dataset, {
    before: predictor([0, 1], [1, 1, 0, 0]),
    after: predictor([0, 0], [1, 1, 0, 1]),
    onProgress: (done, total) => steps.push(`${done}/${total}`),
  });
  // 4 of 6 pixels are equal, the ignored one among them; 5 of 5 and 3 of 5 are right.
  expect(agreement).toBe(4 / 6);
  expect([before.pixelAccuracy, after.pixelAccuracy]).toEqual([1, 3 / 5]);
  expect(steps).toEqual(["1/2", "2/2"]);
});

it("stops between two photos", async () => {
  const controller = new AbortController();
  const steps: number[] = [];
  const comparing = comparePredictors(dataset, {
    before: predictor([0, 1], [1, 1, 0, 0]),
    after: predictor([0, 1], [1, 1, 0, 0]),
    onProgress(done) {
      steps.push(done);
      controller.abort(new Error("enough"));
    },
    signal: controller.signal,
  });
  await expect(comparing).rejects.toThrow("enough");
  expect(steps).toEqual([1]);
});
