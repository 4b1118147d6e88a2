import { expect, it } from "vitest";
import { spreadEvenly } from "../../src/datasets/dataset.ts";

it("spreads places over the whole of a split", () => {
  expect(spreadEvenly(11, 6)).toEqual([0, 1, 3, 5, 7, 9]);
  expect(spreadEvenly(6, 3)).toEqual([0, 2, 4]);
  expect(spreadEvenly(3, 6)).toEqual([0, 1, 2]);
  expect(spreadEvenly(3, 0)).toEqual([]);
});
