import { describe, expect, it } from "vitest";
import { meanConfidence, sampleConfidence } from "../../src/inference/confidence.ts";

const softmax = (...scores: number[]) => {
  const powers = scores.map(Math.exp);
  return Math.max(...powers) / powers.reduce((sum, power) => sum + power, 0);
};

describe("sampleConfidence", () => {
  it("is the largest probability at every fourth pixel, with bilinear scores between", () => {
    // Two classes over a row of two places: differences of 2 and -2, and 0 in their middle.
    const scores = { data: Float32Array.of(2, 0, 0, 2), shape: [1, 2, 1, 2] };
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
    const scores = { data: Float32Array.of(1000, 0, 0, 1000), shape: [1, 2, 2, 1] };
    const { data, rows, columns } = sampleConfidence(scores, { width: 3, height: 5, alignCorners: true });
    expect([rows, columns]).toEqual([2, 1]);
    expect([...data]).toEqual([1, 1]);
  });
});

describe("meanConfidence", () => {
  // Confidences belong to pixels 0 and 4 of row 0 and of row 4.
  const confidence = { data: Float32Array.of(0.5, 0.75, 1, 0.25), rows: 2, columns: 2 };
  const labels = new Uint8Array(8 * 5).fill(1);
  labels[0] = 0;
  const prediction = { width: 8, height: 5, data: labels, confidence };

  it("is taken over the pixels that show something", () => {
    expect(meanConfidence(prediction, ["background", "cat"])).toBeCloseTo((0.75 + 1 + 0.25) / 3, 6);
    expect(meanConfidence(prediction, ["sky", "road"])).toBe(0.625);
  });

  it("is undefined where all is background", () => {
    const data = new Uint8Array(8 * 5);
    expect(meanConfidence({ ...prediction, data }, ["background", "cat"])).toBeUndefined();
  });
});
