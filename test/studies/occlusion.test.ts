import { expect, it } from "vitest";
import { countOcclusions, measureDiscrepancy } from "../../src/studies/occlusion.ts";

it("finds the pixels that a unit is computed from", async () => {
  // Two units on a photo of 4 x 4: the red of pixel 5, and a constant.
  const image = new Float32Array(3 * 16).fill(10);
  const runs: number[] = [];
  const [first, second] = await measureDiscrepancy(image, {
    run: async (photo) => {
      runs.push(photo[5] ?? 0);
      return { data: Float32Array.of(photo[5] ?? 0, 7), shape: [1, 2, 1, 1] };
    },
    ...{ size: [4, 4], places: [0, 1], occluder: 2, step: 2 },
    random: () => 0.75,
  });
  // The occluder is 4 x 0.75 - 2 = 1 everywhere, so the unit falls from 10 to 1.
  expect(runs).toEqual([10, 1, 10, 10, 10]);
  const expected = new Float32Array(16);
  for (const pixel of [0, 1, 4, 5]) expected[pixel] = 0.9;
  expect(first).toEqual(expected);
  expect(second).toEqual(new Float32Array(16));
});

it("moves the last occluder inwards", () => {
  // Along 7 pixels a square of 3 lies at 0, 2 and 4; along 8 at 0, 2, 4 and 5.
  expect(countOcclusions([7, 8], { occluder: 3, step: 2 })).toBe(12);
});
