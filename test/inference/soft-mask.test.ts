import { expect, it } from "vitest";
import { findClass, softMask } from "../../src/inference/soft-mask.ts";
import { lightsegError } from "../support/errors.ts";

it("sums the probabilities of classes, bilinearly between places", () => {
  // Two places side by side: the first has three classes alike, the second is class 2 almost surely.
  const scores = { data: Float32Array.of(1, 0, 1, 0, 1, 20), shape: [1, 3, 1, 2] };
  const size = { width: 3, height: 1, alignCorners: true };
  expect([...softMask(scores, [0], size)]).toEqual([85, 43, 0]);
  expect([...softMask(scores, [0, 2], size)]).toEqual([170, 213, 255]);
  expect([...softMask(scores, [0, 1, 2], size)]).toEqual([255, 255, 255]);
});

it("finds classes by name and index, and refuses others", () => {
  expect([findClass("cat", ["dog", "cat"], "segment"), findClass(0, ["dog", "cat"], "segment")]).toEqual([
    1, 0,
  ]);
  for (const wrong of ["cow", 2, -1, 0.5])
    expect(() => findClass(wrong, ["dog", "cat"], "segment")).toThrow(
      lightsegError("INVALID_ARGUMENT", "segment"),
    );
});
