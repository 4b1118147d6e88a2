import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram } from "../../src/quantization/histogram.ts";

const total = ({ counts, zeros }: Histogram) => counts.reduce((sum, count) => sum + count, zeros);

describe("Histogram", () => {
  it("keeps ends and zeros, and counts values in bins that meet at 0", () => {
    const histogram = new Histogram();
    histogram.add([0, 0, 3, -1, 4095]);
    expect(histogram).toMatchObject({ min: -1, max: 4095, zeros: 2, width: 1 });
    const filled = [...histogram.counts.entries()].filter(([, count]) => count > 0);
    expect(filled).toEqual([
      [4095, 1],
      [4099, 1],
      [8191, 1],
    ]);
    expect([4095, 4099].map((bin) => histogram.middle(bin))).toEqual([-0.5, 3.5]);
  });

  it("merges neighbours when a value lies beyond", () => {
    const histogram = new Histogram();
    histogram.add([1, 2, -1, -2, -3, 4000]);
    histogram.add([4096]);
    expect(histogram.width).toBe(2);
    const filled = [...histogram.counts.entries()].filter(([, count]) => count > 0);
    // -3 and then -2 with -1 below zero; 1, 2, 4000 and 4096 above.
    expect(filled).toEqual([
      [4094, 1],
      [4095, 2],
      [4096, 1],
      [4097, 1],
      [6096, 1],
      [6144, 1],
    ]);
  });

  it("refuses what is not finite", () => {
    for (const value of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN])
      expect(() => new Histogram().add([1, value])).toThrow("feature maps must be finite on the photos");
  });

  it("loses no value, each within its bin, in whatever order they come", () => {
    const values = fc.array(fc.float({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 });
    fc.assert(
      fc.property(values, values, (first, second) => {
        const histogram = new Histogram();
        histogram.add(first);
        histogram.add(second);
        const all = new Histogram();
        all.add([...second, ...first]);
        expect(total(histogram)).toBe(first.length + second.length);
        expect({ width: histogram.width, ends: [histogram.min, histogram.max] }).toEqual({
          width: all.width,
          ends: [all.min, all.max],
        });
        expect(Buffer.from(histogram.counts.buffer).equals(Buffer.from(all.counts.buffer))).toBe(true);
        expect(histogram.max).toBe(Math.max(0, ...first, ...second));
        expect(histogram.max).toBeLessThan(4096 * histogram.width);
      }),
      { numRuns: 30 },
    );
  });
});
