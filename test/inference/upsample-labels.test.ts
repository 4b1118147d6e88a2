import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { upsampleLabels } from "../../src/inference/upsample-labels.ts";
import { at, uniform } from "../support/array.ts";
import { referenceResize } from "../support/reference-resize.ts";
import { floats } from "../support/run-graph.ts";

describe("upsampleLabels", () => {
  test("draws the border where two planes of scores cross", () => {
    // Class 0 falls from 3 to -1 while class 1 is 0 throughout: they are equal at 3/4 of the way, and the
    // first wins there.
    const scores = floats([3, -1, 0, 0], [1, 2, 1, 2]);
    const labels = upsampleLabels(scores, { width: 5, height: 1, alignCorners: true });
    expect([...labels]).toEqual([0, 0, 0, 0, 1]);
  });

  test("lets a third class win between two others", () => {
    // Along the way they are 4 to 0, 0 to 4, and 3: the third is alone in the middle, and ties at a quarter
    // from either end.
    const scores = floats([4, 0, 0, 4, 3, 3], [1, 3, 1, 2]);
    const labels = upsampleLabels(scores, { width: 5, height: 2, alignCorners: true });
    expect([...labels]).toEqual([0, 0, 2, 1, 1, 0, 0, 2, 1, 1]);
  });

  test("lets a class win in a cell that is best at none of its corners", () => {
    // The third class, at 3 throughout, is surpassed by each of the first two at one corner alone, so it may
    // win: halfway they are at 2. The fourth is surpassed at both corners.
    const scores = floats([4, 0, 0, 4, 3, 3, -5, -6], [1, 4, 1, 2]);
    const labels = upsampleLabels(scores, { width: 3, height: 1, alignCorners: true });
    expect([...labels]).toEqual([0, 2, 1]);
  });

  test("takes the first class on ties, as the engine does", () => {
    const scores = floats(new Float32Array(3 * 4), [1, 3, 2, 2]);
    expect(upsampleLabels(scores, { width: 7, height: 5, alignCorners: true })).toEqual(new Uint8Array(35));
  });

  test.each([true, false])(
    "gives the labels of scores that were upsampled as a whole, corners aligned: %s",
    (alignCorners) => {
      fc.assert(
        fc.property(
          fc.record({
            seed: fc.string(),
            classes: fc.integer({ min: 1, max: 7 }),
            h: fc.integer({ min: 1, max: 6 }),
            w: fc.integer({ min: 1, max: 6 }),
            height: fc.integer({ min: 1, max: 25 }),
            width: fc.integer({ min: 1, max: 25 }),
          }),
          ({ seed, classes, h, w, height, width }) => {
            const scores = uniform([1, classes, h, w], { seed });
            const labels = upsampleLabels(floats(scores.data, scores.shape), { width, height, alignCorners });
            const whole = referenceResize(scores, [height, width], alignCorners);
            const places = width * height;
            const wrong = [...labels].filter((label, place) => {
              const ofClass = (c: number) => at(whole.data, c * places + place);
              const best = Math.max(...Array.from({ length: classes }, (_, c) => ofClass(c)));
              return ofClass(label) < best - 1e-6;
            });
            expect(wrong).toEqual([]);
          },
        ),
      );
    },
  );
});
