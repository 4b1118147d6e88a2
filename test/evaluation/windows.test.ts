import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coverAxis } from "../../src/evaluation/windows.ts";

describe("coverAxis", () => {
  it("is one window where none is asked for", () => {
    expect(coverAxis({ extent: 4, scaled: 4 })).toEqual([
      {
        offset: 0,
        length: 4,
        start: 0,
        positions: Float64Array.of(0, 1, 2, 3),
        weights: new Float32Array(4).fill(1),
      },
    ]);
  });

  it("shifts the last window inwards, and shares pixels that lie in several", () => {
    const spans = coverAxis({ extent: 10, scaled: 10, window: 4, stride: 3 });
    expect(spans.map(({ offset }) => offset)).toEqual([0, 3, 6]);
    const uneven = coverAxis({ extent: 9, scaled: 9, window: 4, stride: 3 });
    expect(uneven.map(({ offset, start }) => [offset, start])).toEqual([
      [0, 0],
      [3, 3],
      [5, 5],
    ]);
    expect(uneven.map(({ weights }) => [...weights])).toEqual([
      [1, 1, 1, 0.5],
      [0.5, 1, 0.5, 0.5],
      [0.5, 0.5, 1, 1],
    ]);
    expect([...(uneven[2]?.positions ?? [])]).toEqual([0, 1, 2, 3]);
  });

  it("has one window, longer than the photo, where that is smaller", () => {
    const [only, ...others] = coverAxis({ extent: 3, scaled: 3, window: 5, stride: 2 });
    expect(others).toEqual([]);
    expect(only).toMatchObject({ offset: 0, length: 5, start: 0 });
    expect([...(only?.positions ?? [])]).toEqual([0, 1, 2]);
  });

  it("places the photo's pixels in windows of the scaled photo", () => {
    // At twice the size pixel x covers 2x and 2x + 1: its centre lies at 2x + 0.5, where 0 is the centre of
    // the first.
    const spans = coverAxis({ extent: 4, scaled: 8, window: 5, stride: 3 });
    expect(spans.map(({ offset, start, positions }) => [offset, start, [...positions]])).toEqual([
      [0, 0, [0.5, 2.5]],
      [3, 1, [-0.5, 1.5, 3.5]],
    ]);
  });

  it("covers every pixel, by weights that add up to 1", () => {
    const options = fc
      .record({
        extent: fc.integer({ min: 1, max: 40 }),
        scaled: fc.integer({ min: 1, max: 80 }),
        window: fc.integer({ min: 1, max: 50 }),
      })
      .chain((sizes) =>
        fc.record({ ...constants(sizes), stride: fc.integer({ min: 1, max: sizes.window }) }),
      );
    fc.assert(
      fc.property(options, (sizes) => {
        const sums = new Float32Array(sizes.extent);
        for (const { offset, length, start, positions, weights } of coverAxis(sizes)) {
          expect(offset === 0 || offset + length <= sizes.scaled).toBe(true);
          for (const [index, position] of positions.entries()) {
            expect(position >= -0.5 && position < length - 0.5).toBe(true);
            sums[start + index] = (sums[start + index] ?? 0) + (weights[index] ?? 0);
          }
        }
        for (const sum of sums) expect(sum).toBeCloseTo(1, 5);
      }),
    );
  });
});

function constants(sizes: { extent: number; scaled: number; window: number }) {
  return {
    extent: fc.constant(sizes.extent),
    scaled: fc.constant(sizes.scaled),
    window: fc.constant(sizes.window),
  };
}
