import { expect, it } from "vitest";
import { chooseLowConfidence } from "../../src/evaluation/low-confidence.ts";

it("is what 3 % of the photos are under, those without finds left out", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => (99 - index) / 100);
  expect(chooseLowConfidence([...hundred, undefined])).toBe(0.03);
  expect(chooseLowConfidence([0.9, 0.66666, 0.8])).toBe(0.6667);
  expect(chooseLowConfidence([undefined])).toBeUndefined();
});
