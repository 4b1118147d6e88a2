import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { interpolationWeights } from "../../src/evaluation/interpolation.ts";
import { interpolationMatrix } from "../../src/graph/ops/resize.ts";
import { positionIn } from "../../src/grid.ts";

function interpolate(
  samples: readonly number[],
  position: number,
  upsampling: "bilinear" | "bicubic",
): number {
  const { count, indices, weights } = interpolationWeights(
    Float64Array.of(position),
    samples.length,
    upsampling,
  );
  return Array.from(
    { length: count },
    (_, tap) => (weights[tap] ?? 0) * (samples[indices[tap] ?? -1] ?? 0),
  ).reduce((sum, value) => sum + value);
}

describe("interpolationWeights", () => {
  it("mixes two samples by their distance, and repeats those at the ends", () => {
    const taps = interpolationWeights(Float64Array.of(1.25, -0.25, 2.25), 3, "bilinear");
    expect(taps.count).toBe(2);
    expect([...taps.indices]).toEqual([1, 2, 0, 0, 2, 2]);
    expect([...taps.weights]).toEqual([0.75, 0.25, 0.25, 0.75, 0.75, 0.25]);
  });

  it("mixes four samples by the kernel with a = -0.75, as OpenCV's INTER_CUBIC", () => {
    // Distance 1.5: 3.375 a - 11.25 a + 12 a - 4 a = 0.125 a; distance 0.5: 0.125 (a + 2) - 0.25 (a + 3) + 1.
    const taps = interpolationWeights(Float64Array.of(1.5, 0.25), 4, "bicubic");
    expect([...taps.indices]).toEqual([0, 1, 2, 3, 0, 0, 1, 2]);
    expect([...taps.weights.subarray(0, 4)]).toEqual([-0.09375, 0.59375, 0.59375, -0.09375]);
    // OpenCV's coefficients for a fraction of 1/4.
    expect([...taps.weights.subarray(4)]).toEqual([-0.10546875, 0.87890625, 0.26171875, -0.03515625]);
  });

  it.each(["bilinear", "bicubic"] as const)(
    "gives the samples themselves at their centres, constants everywhere (%s)",
    (kind) => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 9 }),
          fc.nat(),
          (samples, n) => {
            const index = n % samples.length;
            expect(interpolate(samples, index, kind)).toBe(samples[index]);
          },
        ),
      );
      fc.assert(
        fc.property(fc.double({ min: -2, max: 6, noNaN: true }), (position) => {
          expect(interpolate([3, 3, 3, 3], position, kind)).toBeCloseTo(3, 5);
        }),
      );
    },
  );
});

describe("interpolationWeights at the pixels of a larger grid", () => {
  it("agrees with the resizing in the network", () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 30 }), fc.boolean(), (inSize, outSize, alignCorners) => {
        const grids = { inSize, outSize, alignCorners };
        const positions = Float64Array.from({ length: outSize }, (_, x) => positionIn(x, grids));
        const { indices, weights } = interpolationWeights(positions, inSize, "bilinear");
        const matrix = new Float64Array(outSize * inSize);
        for (const [tap, index] of indices.entries()) {
          const cell = (tap >> 1) * inSize + index;
          matrix[cell] = (matrix[cell] ?? 0) + (weights[tap] ?? 0);
        }
        const expected = interpolationMatrix(inSize, outSize, alignCorners);
        for (const [cell, value] of matrix.entries())
          expect(value).toBeCloseTo(expected[cell] ?? Number.NaN, 5);
      }),
    );
  });
});
