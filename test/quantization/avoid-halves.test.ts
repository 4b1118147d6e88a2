import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { avoidHalves, distanceToHalves } from "../../src/quantization/avoid-halves.ts";

const byTwo = { scale: 2, zeroPoint: 0 };
const byOne = { scale: 1, zeroPoint: 0 };

describe("distanceToHalves", () => {
  it("is nothing where two odd levels meet, by hand", () => {
    // (1 + 2) / 2 = 1.5.
    expect(distanceToHalves(byTwo, [byOne, byOne])).toBe(0);
  });

  it("is half a step where all are whole", () => {
    expect(distanceToHalves(byOne, [byOne, byTwo])).toBe(0.5);
    expect(distanceToHalves({ scale: 1, zeroPoint: 7 }, [byOne, { scale: 1, zeroPoint: 100 }])).toBe(0.5);
  });

  it("does not look where all is clipped", () => {
    const b = { scale: 300.5, zeroPoint: 1 };
    // The lowest level of b is -300.5. With 4 times 100 that makes 99.5; with multiples of 1000 only 0 lies
    // in 0..255.
    expect(distanceToHalves(byOne, [{ scale: 100, zeroPoint: 0 }, b])).toBe(0);
    expect(distanceToHalves(byOne, [{ scale: 1000, zeroPoint: 0 }, b])).toBe(0.5);
  });
});

describe("avoidHalves", () => {
  const quantization = fc.record({
    scale: fc.float({ min: Math.fround(0.001), max: Math.fround(0.1), noNaN: true }),
    zeroPoint: fc.integer({ min: 0, max: 255 }),
  });

  it("moves the scale by 0.4 % at most, upwards, to a float32, and away from the middles", () => {
    const property = (
      sum: { scale: number; zeroPoint: number },
      a: { scale: number; zeroPoint: number },
      b: { scale: number; zeroPoint: number },
    ) => {
      const chosen = avoidHalves(sum, [a, b]);
      expect(chosen.zeroPoint).toBe(sum.zeroPoint);
      expect(chosen.scale).toBeGreaterThanOrEqual(sum.scale);
      expect(chosen.scale).toBeLessThanOrEqual(sum.scale * 1.0042);
      expect(chosen.scale).toBe(Math.fround(chosen.scale));
      const before = distanceToHalves(sum, [a, b]);
      expect(distanceToHalves(chosen, [a, b])).toBeGreaterThanOrEqual(before);
    };
    fc.assert(fc.property(quantization, quantization, quantization, property), { numRuns: 5 });
  });

  it("leaves what is as far away as can be", () => {
    expect(avoidHalves(byOne, [byOne, byTwo])).toEqual(byOne);
  });

  it("keeps sums of the usual ranges 0.00005 steps away, some times what float32 errs by", () => {
    const a = { scale: Math.fround(Math.sqrt(0.0005)), zeroPoint: 121 };
    const b = { scale: Math.fround(Math.sqrt(0.0013)), zeroPoint: 118 };
    const sum = { scale: Math.fround(Math.sqrt(0.0018)), zeroPoint: 130 };
    expect(distanceToHalves(sum, [a, b])).toBeLessThan(5e-5);
    expect(distanceToHalves(avoidHalves(sum, [a, b]), [a, b])).toBeGreaterThan(5e-5);
  });
});
