import { expect, it } from "vitest";
import { median } from "../src/median.ts";

it("the median is the middle value, the upper one of two, and leaves its values as they were", () => {
  const values = [10, 9, 1];
  expect(median(values)).toBe(9);
  expect(values).toEqual([10, 9, 1]);
  expect(median([4, 1, 3, 2])).toBe(3);
  expect(median([])).toBeUndefined();
});
