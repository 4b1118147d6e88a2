import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ScoreSmoother } from "../../src/video/smoothing.ts";

const map = (...values: number[]) => ({ data: Float32Array.from(values), shape: [1, values.length, 1, 1] });

describe("ScoreSmoother", () => {
  it("keeps the share of the past that it was told to", () => {
    const smoother = new ScoreSmoother(0.75);
    expect([...smoother.add(map(8, 0)).data]).toEqual([8, 0]);
    // 0.75 x 8 + 0.25 x 0, 0.75 x 0 + 0.25 x 4
    expect([...smoother.add(map(0, 4)).data]).toEqual([6, 1]);
    // 0.75 x 6 + 0.25 x 0, 0.75 x 1 + 0.25 x 4
    expect([...smoother.add(map(0, 4)).data]).toEqual([4.5, 1.75]);
  });

  it("leaves the scores that it is given as they are, and stays where they stay", () => {
    const number = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 1 }),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (values, s) => {
          const smoother = new ScoreSmoother(s);
          const scores = map(...values);
          smoother.add(scores);
          expect(smoother.add(scores)).toEqual(map(...values));
          expect(scores).toEqual(map(...values));
        },
      ),
    );
  });
});
