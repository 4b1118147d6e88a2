import { describe, expect, it } from "vitest";
import { meanConfidence, sampleConfidence } from "../../src/inference/confidence.ts";

const softmax = (...scores: number[]) => {
  const powers = scores.map(Math.exp);
  return Math.max(...powers) / powers.reduce((sum, power) => sum + power, 0);
};

describe("sampleConfidence", () => {
  it("is the largest probability at every fourth pixel, with bilinear scores between", () => {
    // Two classes over a row of two places: differences of 2 and -2, and 0 in their middle.
    const scores = { data: Float32Array.of(2, 0, 0, 2), dims: [1, 2, 1, 2] };
    const aligned = sampleConfidence(scores, { width: 9, height: 1, alignCorners: true });
    expect([aligned.rows, aligned.columns]).toEqual([1, 3]);
    [softmax(2, 0), 0.5, softmax(0, 2)].forEach((value, at) => {
      expect(aligned.data[at]).toBeCloseTo(value, 6);
    });
    // Pixel 4 of 8 lies at (4 + 0.5) / 8 x 2 - 0.5 = 0.625: scores of 0.75 and 1.25.
    const halves = sampleConfidence(scores, { width: 8, height: 1, alignCorners: false });
    [softmax(2, 0), softmax(0.75, 1.25)].forEach((value, at) => {
      expect(halves.data[at]).toBeCloseTo(value, 6);
    });
  });

  it("goes down as well as across, and takes large scores", () => {
    const scores = { data: Float32Array.of(1000, 0, 0, 1000), dims: [1, 2, 2, 1] };
    const { data, rows, columns } = sampleConfidence(scores, { width: 3, height: 5, alignCorners: true });
    expect([rows, columns]).toEqual([2, 1]);
    expect([...data]).toEqual([1, 1]);
  });
});

describe("meanConfidence", () => {
  it("is the mean", () => {
    expect(meanConfidence({ data: Float32Array.of(0.5, 1), rows: 1, columns: 2 })).toBe(0.75);
  });
});
