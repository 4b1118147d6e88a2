import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearestIn, neighborsIn, positionIn } from "../src/grid.ts";

const grids = { inSize: 2, outSize: 8 };

describe("positionIn", () => {
  it("lets the edges of the picture coincide, or the centres of the corner pixels", () => {
    const at = (alignCorners: boolean) => [0, 3.5, 7].map((x) => positionIn(x, { ...grids, alignCorners }));
    expect(at(true)).toEqual([0, 0.5, 1]);
    expect(at(false)).toEqual([-0.375, 0.5, 1.375]);
  });

  it("is 0 for the only pixel of a grid with aligned corners", () => {
    expect(positionIn(0, { inSize: 5, outSize: 1, alignCorners: true })).toBe(0);
  });
});

describe("neighborsIn", () => {
  it("repeats the edge", () => {
    const at = (pixel: number) => neighborsIn(pixel, { ...grids, alignCorners: false });
    expect([0, 3, 7].map(at)).toEqual([
      { low: 0, high: 1, share: 0 },
      { low: 0, high: 1, share: 0.375 },
      { low: 1, high: 1, share: 0 },
    ]);
  });
});

describe("nearestIn", () => {
  it("is the identity at one size, and never leaves the grid", () => {
    const size = fc.integer({ min: 1, max: 5000 });
    fc.assert(
      fc.property(size, size, fc.nat(), (inSize, outSize, n) => {
        expect(nearestIn(n % inSize, { inSize, outSize: inSize })).toBe(n % inSize);
        expect(nearestIn(0, { inSize, outSize })).toBeGreaterThanOrEqual(0);
        expect(nearestIn(outSize - 1, { inSize, outSize })).toBeLessThan(inSize);
      }),
    );
  });

  it("takes the pixel that the centre lies in", () => {
    expect([0, 1, 2].map((pixel) => nearestIn(pixel, { inSize: 6, outSize: 3 }))).toEqual([1, 3, 5]);
  });
});
