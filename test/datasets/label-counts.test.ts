import { expect, it } from "vitest";
import type { Dataset } from "../../src/datasets/dataset.ts";
import { hasLabels, LabelCounts } from "../../src/datasets/label-counts.ts";

const rowOf = (...labels: number[]) => ({
  width: labels.length,
  height: 1,
  data: Uint8Array.from(labels),
});

it("counts pixels, and the photos that have any", () => {
  const counts = new LabelCounts();
  counts.add(rowOf(0, 0, 2, 255));
  counts.add(rowOf(2, 2));
  expect([0, 1, 2, 255].map((label) => counts.pixels[label])).toEqual([2, 0, 3, 1]);
  expect([0, 1, 2, 255].map((label) => counts.photos[label])).toEqual([1, 0, 2, 1]);
});

it("finds labels in any photo, however late", async () => {
  const split = (...rows: number[][]): Dataset => ({
    ...{ name: "rows", split: "val", size: rows.length, ids: rows.map((_, index) => String(index)) },
    labels: { classes: ["a"], palette: [[0, 0, 0]], ignoreLabel: 255 },
    load: async (index) => ({
      id: String(index),
      photo: { width: 2, height: 1, data: new Uint8Array(6) },
      labels: rowOf(...(rows[index] ?? [])),
    }),
  });
  expect(await hasLabels(split([255, 255], [255, 0]))).toBe(true);
  expect(await hasLabels(split([255, 255], [255, 255]))).toBe(false);
});
