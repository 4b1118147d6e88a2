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

it("goes down as well as across, and takes scores of any size", () => {
  // Class 0 surely at the top left, class 1 surely everywhere else.
  const scores = { data: Float32Array.of(1000, 0, 0, 0, 0, 1000, 1000, 1000), shape: [1, 2, 2, 2] };
  const mask = softMask(scores, [0], { width: 2, height: 3, alignCorners: true });
  expect([...mask]).toEqual([255, 0, 128, 0, 0, 0]);
  // A class that is named twice counts once.
  expect([...softMask(scores, [0, 0], { width: 1, height: 1, alignCorners: true })]).toEqual([255]);
  // Half-pixel centers: the rows lie at -0.25 (the edge), 0.25, 0.75 and 1.25.
  const halves = softMask(scores, [0], { width: 1, height: 4, alignCorners: false });
  expect([...halves]).toEqual([128, 96, 32, 0]);
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
