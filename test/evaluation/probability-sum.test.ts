import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { interpolationWeights } from "../../src/evaluation/interpolation.ts";
import { type AxisPart, ProbabilitySum } from "../../src/evaluation/probability-sum.ts";

/** Pixels that lie on the samples themselves. */
function onSamples(size: number, { start = 0, weight = 1 } = {}): AxisPart {
  const positions = Float64Array.from({ length: size }, (_, x) => x);
  return {
    start,
    weights: new Float32Array(size).fill(weight),
    taps: interpolationWeights(positions, size, "bilinear"),
  };
}

describe("ProbabilitySum", () => {
  it("adds weighted softmax probabilities at their place", () => {
    const sum = new ProbabilitySum({ classes: 2, width: 3, height: 2 });
    // Scores ln 3 and 0 are probabilities 3/4 and 1/4.
    const scores = { data: Float32Array.of(Math.log(3), 0, 0, Math.log(3)), width: 2, height: 1 };
    sum.add(scores, onSamples(1, { start: 1, weight: 0.5 }), onSamples(2, { start: 1, weight: 0.5 }));
    const expected = [0, 0, 0, 0, 3 / 16, 1 / 16, 0, 0, 0, 0, 1 / 16, 3 / 16];
    for (const [index, value] of expected.entries()) expect(sum.data[index]).toBeCloseTo(value, 6);
    expect(sum.best()).toEqual({ width: 3, height: 2, data: Uint8Array.of(0, 0, 0, 0, 0, 1) });
  });

  it("interpolates scores, not probabilities, between samples of rows and columns", () => {
    const sum = new ProbabilitySum({ classes: 2, width: 1, height: 1 });
    const middle = (position: number): AxisPart => ({
      start: 0,
      weights: Float32Array.of(1),
      taps: interpolationWeights(Float64Array.of(position), 2, "bilinear"),
    });
    // Class 0: rows (0, 4) and (8, 12) at row 0.5, column 0.25 are 0.5 (1 + 9) = 5; class 1 is 5 - ln 9
    // everywhere.
    const other = 5 - Math.log(9);
    const data = Float32Array.of(0, 4, 8, 12, other, other, other, other);
    sum.add({ data, width: 2, height: 2 }, middle(0.5), middle(0.25));
    expect(sum.data[0]).toBeCloseTo(0.9, 5);
    expect(sum.data[1]).toBeCloseTo(0.1, 5);
  });

  it("makes probabilities of any scores, however large", () => {
    const score = fc.float({ min: -1e4, max: 1e4, noNaN: true });
    fc.assert(
      fc.property(fc.array(score, { minLength: 12, maxLength: 12 }), (values) => {
        const sum = new ProbabilitySum({ classes: 3, width: 2, height: 2 });
        const data = Float32Array.from(values);
        sum.add({ data, width: 2, height: 2 }, onSamples(2), onSamples(2));
        for (let pixel = 0; pixel < 4; pixel++) {
          const total = [0, 4, 8].reduce((all, plane) => all + (sum.data[plane + pixel] ?? Number.NaN), 0);
          expect(total).toBeCloseTo(1, 5);
        }
      }),
    );
  });

  it("gives the share of the best class at every fourth pixel of every fourth row", () => {
    const sum = new ProbabilitySum({ classes: 2, width: 9, height: 2 });
    // Columns 0, 4 and 8 of row 0: 3 of 4, 1 of 2 and all of 5.
    for (const [column, values] of [
      [0, [3, 1]],
      [4, [1, 1]],
      [8, [0, 5]],
    ] as const)
      for (const [label, value] of values.entries()) sum.data[18 * label + column] = value;
    expect(sum.confidence()).toEqual({ rows: 1, columns: 3, data: Float32Array.of(0.75, 0.5, 1) });
  });

  it("takes the first of equal classes", () => {
    const sum = new ProbabilitySum({ classes: 3, width: 1, height: 1 });
    sum.data.set([0.25, 0.375, 0.375]);
    expect([...sum.best().data]).toEqual([1]);
  });
});
