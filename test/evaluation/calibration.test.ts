import { describe, expect, it } from "vitest";
import { CALIBRATION_BINS, CalibrationCounts } from "../../src/evaluation/calibration.ts";

/** A photo of 4 rows, whose confidences are taken at columns 0, 4, 8 ... of row 0. */
function add(
  counts: CalibrationCounts,
  pixels: readonly { truth: number; label: number; confidence: number }[],
): void {
  const width = 4 * pixels.length;
  const map = (value: (pixel: (typeof pixels)[number]) => number) => {
    // Everything else would be a mistake with full confidence.
    const data = new Uint8Array(4 * width).fill(9);
    for (const [column, pixel] of pixels.entries()) data[4 * column] = value(pixel);
    return { width, height: 4, data };
  };
  const confidence = Float32Array.from(pixels, (pixel) => pixel.confidence);
  const truth = map(({ truth }) => truth);
  counts.add(truth, {
    ...map(({ label }) => label),
    confidence: { data: confidence, rows: 1, columns: pixels.length },
  });
}

describe("CalibrationCounts", () => {
  it("is the mean distance of confidence and accuracy over the bins, by their pixels", () => {
    const counts = new CalibrationCounts();
    add(counts, [
      { truth: 0, label: 0, confidence: 0.95 },
      { truth: 0, label: 1, confidence: 0.97 },
      { truth: 255, label: 1, confidence: 0.99 },
    ]);
    add(counts, [{ truth: 2, label: 2, confidence: 0.5 }]);
    const { error = Number.NaN, bins = [] } = counts.compute() ?? {};
    // Bin 14: confidence 0.96, accuracy 0.5. Bin 7, above 7/15 = 0.467: confidence 0.5, accuracy 1.
    expect(error).toBeCloseTo((2 * 0.46 + 1 * 0.5) / 3, 6);
    expect(bins).toHaveLength(CALIBRATION_BINS);
    expect(bins[14]).toEqual({ pixels: 2, confidence: expect.closeTo(0.96, 6), accuracy: 0.5 });
    expect(bins[7]).toEqual({ pixels: 1, confidence: 0.5, accuracy: 1 });
    expect(bins[13]).toEqual({ pixels: 0, confidence: null, accuracy: null });
  });

  it("is 0 where as many pixels are right as the confidence says", () => {
    const counts = new CalibrationCounts();
    const pixel = { truth: 1, confidence: 0.75 };
    add(
      counts,
      [1, 1, 1, 0].map((label) => ({ ...pixel, label })),
    );
    expect(counts.compute()?.error).toBe(0);
  });

  it("takes the upper end of a bin with it", () => {
    const counts = new CalibrationCounts();
    add(counts, [
      { truth: 0, label: 0, confidence: 1 },
      { truth: 0, label: 0, confidence: 0.2 },
      { truth: 0, label: 0, confidence: 0 },
    ]);
    const pixels = counts.compute()?.bins.map((bin) => bin.pixels) ?? [];
    // 0.2 is the upper end of bin 2, but for the rounding of float32, which lies above.
    expect(pixels.flatMap((count, bin) => (count > 0 ? [bin] : []))).toEqual([0, 3, 14]);
  });

  it("looks at every fourth pixel of every fourth row", () => {
    const counts = new CalibrationCounts();
    // 6 x 5 pixels: those at columns 0 and 4 of rows 0 and 4 are right, all others wrong.
    const looked = (at: number) => Math.floor(at / 6) % 4 === 0 && (at % 6) % 4 === 0;
    const data = Uint8Array.from({ length: 30 }, (_, at) => (looked(at) ? 1 : 2));
    const truth = { width: 6, height: 5, data: new Uint8Array(30).fill(1) };
    const confidence = { data: new Float32Array(4).fill(1), rows: 2, columns: 2 };
    counts.add(truth, { width: 6, height: 5, data, confidence });
    expect(counts.compute()).toMatchObject({ error: 0 });
  });

  it("has no answer without confidences", () => {
    const counts = new CalibrationCounts();
    const map = { width: 1, height: 1, data: Uint8Array.of(0) };
    counts.add(map, map);
    expect(counts.compute()).toBeUndefined();
    add(counts, [{ truth: 255, label: 0, confidence: 1 }]);
    expect(counts.compute()).toBeUndefined();
  });
});
