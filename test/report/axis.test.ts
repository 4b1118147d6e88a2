import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linearAxis, logAxis } from "../../src/report/axis.ts";

describe("linearAxis", () => {
  it.each([
    { values: [0, 10], ticks: [0, 2, 4, 6, 8, 10] },
    { values: [0, 9000], ticks: [0, 2000, 4000, 6000, 8000] },
    { values: [0.1, 0.6], ticks: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6] },
    { values: [-3, 4], ticks: [-2, 0, 2, 4] },
    { values: [62.2, 62.9], ticks: [62.2, 62.4, 62.6, 62.8] },
  ])("labels $values at $ticks", ({ values, ticks }) => {
    expect(linearAxis(values).ticks).toEqual(ticks);
  });

  it("places values by their share of the way", () => {
    const { place } = linearAxis([20, 10, 30]);
    expect([10, 15, 30].map(place)).toEqual([0, 0.25, 1]);
  });

  it("takes fewer labels where told so", () => {
    expect(linearAxis([0, 10], 2).ticks).toEqual([0, 5, 10]);
  });

  it("goes around equal values, and from 0 to 1 for none", () => {
    // From 0.9 x 5 to 5.
    expect(linearAxis([5, 5]).ticks).toEqual([4.5, 4.6, 4.7, 4.8, 4.9, 5]);
    expect(linearAxis([0]).ticks).toEqual(linearAxis([]).ticks);
    expect(linearAxis([]).place(0.5)).toBe(0.5);
  });

  it("has 2 to 7 ticks in equal steps of 1, 2 or 5 times a power of ten, inside the axis, for any values", () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (values) => {
        const { ticks, place } = linearAxis(values);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(7);
        for (const tick of ticks) {
          expect(place(tick)).toBeGreaterThan(-1e-5);
          expect(place(tick)).toBeLessThan(1 + 1e-5);
        }
        for (const own of values) {
          // Numbers as good as 0 lie on an axis from 0 to 1.
          expect(place(own)).toBeGreaterThan(-1e-8);
          expect(place(own)).toBeLessThanOrEqual(1);
        }
        const [first = 0, second = 0] = ticks;
        const step = second / 2 - first / 2;
        for (const [i, tick] of ticks.entries()) expect((tick / 2 - first / 2) / step).toBeCloseTo(i, 1);
      }),
    );
  });

  it("steps by 1, 2 or 5 times a power of ten", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000_000 }), (high) => {
        const [first = 0, second = 0] = linearAxis([0, high]).ticks;
        expect(first).toBe(0);
        expect(["1", "2", "5"]).toContain(second.toExponential().split("e")[0]);
      }),
    );
  });
});

describe("logAxis", () => {
  it("labels 1, 2 and 5 times powers of ten where it spans less than two", () => {
    expect(logAxis([0.15, 6]).ticks).toEqual([0.2, 0.5, 1, 2, 5]);
  });

  it("labels powers of ten where it spans more, not all of many", () => {
    expect(logAxis([0.01, 100]).ticks).toEqual([0.01, 0.1, 1, 10, 100]);
    // 12 decades: every second one, from an even one.
    expect(logAxis([1e-6, 1e6]).ticks).toEqual([1e-6, 1e-4, 1e-2, 1, 100, 1e4, 1e6]);
  });

  it("places values by their factor", () => {
    const { place } = logAxis([0.01, 100]);
    expect([0.01, 0.1, 1, 100].map(place)).toEqual([0, 0.25, 0.5, 1]);
  });

  it("labels a narrow span too", () => {
    const { ticks, place } = logAxis([0.61, 0.69]);
    expect(ticks.length).toBeGreaterThan(1);
    for (const tick of ticks) expect(Math.abs(place(tick) - 0.5)).toBeLessThan(0.6);
  });
});
