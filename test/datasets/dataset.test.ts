import { expect, it } from "vitest";
import { type Dataset, spreadEvenly, takeFirst } from "../../src/datasets/dataset.ts";

it("spreads places over the whole of a split", () => {
  expect(spreadEvenly(11, 6)).toEqual([0, 1, 3, 5, 7, 9]);
  expect(spreadEvenly(6, 3)).toEqual([0, 2, 4]);
  expect(spreadEvenly(3, 6)).toEqual([0, 1, 2]);
  expect(spreadEvenly(3, 0)).toEqual([]);
});

it("takes the first photos of a split, and no more than it has", () => {
  const labels = { classes: ["a"], palette: [[0, 0, 0]], ignoreLabel: 255 } as const;
  const load = () => Promise.reject(new Error("nothing is read"));
  const all: Dataset = { name: "three", split: "val", labels, size: 3, ids: ["x", "y", "z"], load };
  expect(takeFirst(all, 2)).toEqual({ ...all, size: 2, ids: ["x", "y"] });
  expect(takeFirst(all, 9)).toEqual(all);
  expect(takeFirst(all)).toEqual(all);
});
