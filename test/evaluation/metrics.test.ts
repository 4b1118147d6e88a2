import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { ConfusionMatrix } from "../../src/evaluation/confusion-matrix.ts";
import { computeMetrics, meanIouOf } from "../../src/evaluation/metrics.ts";

function matrixOf(...rows: number[][]): ConfusionMatrix {
  const matrix = new ConfusionMatrix(rows.length);
  matrix.counts.set(rows.flat());
  return matrix;
}

/** Counts of 1 to 6 classes, at least one of which is not 0. */
const squares = fc
  .integer({ min: 1, max: 6 })
  .chain((n) =>
    fc.array(fc.array(fc.nat(1000), { minLength: n, maxLength: n }), { minLength: n, maxLength: n }),
  )
  .filter((rows) => rows.flat().some((count) => count > 0));

describe("computeMetrics", () => {
  it("agrees with a computation by hand", () => {
    // IoU 3/(4+5-3) and 4/(6+5-4); recall 3/4 and 4/6.
    const metrics = computeMetrics(matrixOf([3, 1], [2, 4]));
    expect(metrics.iou).toEqual([3 / 6, 4 / 7]);
    expect(metrics.miou).toBeCloseTo((3 / 6 + 4 / 7) / 2, 12);
    expect(metrics.pixelAccuracy).toBeCloseTo(0.7, 12);
    expect(metrics.accuracy).toEqual([3 / 4, 4 / 6]);
    expect(metrics.meanAccuracy).toBeCloseTo((3 / 4 + 4 / 6) / 2, 12);
    expect(metrics.frequencyWeightedIou).toBeCloseTo((3 / 6) * 0.4 + (4 / 7) * 0.6, 12);
    expect(metrics.truePixels).toEqual([4, 6]);
  });

  it("leaves out a class that is in neither truth nor prediction", () => {
    const metrics = computeMetrics(matrixOf([5, 0, 0], [0, 0, 0], [0, 0, 5]));
    expect(metrics.iou).toEqual([1, null, 1]);
    expect(metrics.miou).toBe(1);
    expect(metrics.meanAccuracy).toBe(1);
  });

  it("counts a class that is only predicted as IoU 0, without an accuracy", () => {
    const metrics = computeMetrics(matrixOf([6, 2], [0, 0]));
    expect(metrics.iou).toEqual([6 / 8, 0]);
    expect(metrics.miou).toBe(3 / 8);
    expect(metrics.accuracy).toEqual([6 / 8, null]);
    expect(metrics.meanAccuracy).toBe(6 / 8);
  });

  it("takes the mean over some classes alone", () => {
    const metrics = computeMetrics(matrixOf([6, 2, 0], [0, 0, 0], [0, 0, 5]));
    expect(meanIouOf([0, 2], metrics)).toBe((6 / 8 + 1) / 2);
    expect(meanIouOf([1], computeMetrics(matrixOf([5, 0], [0, 0])))).toBeNaN();
  });

  it("stays within 0..1, and is 1 for the diagonal", () => {
    fc.assert(
      fc.property(squares, (rows) => {
        const metrics = computeMetrics(matrixOf(...rows));
        const { miou, pixelAccuracy, meanAccuracy, frequencyWeightedIou } = metrics;
        for (const value of [miou, pixelAccuracy, meanAccuracy, frequencyWeightedIou, ...metrics.iou]) {
          if (value !== null) expect(value >= 0 && value <= 1 + 1e-12).toBe(true);
        }
        expect(miou).toBeLessThanOrEqual(meanAccuracy + 1e-12);
        const diagonal = rows.map((row, t) => row.map((_, p) => (t === p ? 1 : 0)));
        expect(computeMetrics(matrixOf(...diagonal))).toMatchObject({ miou: 1, pixelAccuracy: 1 });
      }),
    );
  });

  it("has pixel accuracy as the mean of accuracies, weighted by true pixels; no IoU above its accuracy", () => {
    fc.assert(
      fc.property(squares, (rows) => {
        const metrics = computeMetrics(matrixOf(...rows));
        const total = metrics.truePixels.reduce((sum, pixels) => sum + pixels, 0);
        const weighted = (values: readonly (number | null)[]) =>
          values.reduce<number>((sum, value, c) => sum + (value ?? 0) * (metrics.truePixels[c] ?? 0), 0) /
          total;
        expect(weighted(metrics.accuracy)).toBeCloseTo(metrics.pixelAccuracy, 10);
        expect(weighted(metrics.iou)).toBeCloseTo(metrics.frequencyWeightedIou, 10);
        for (const [c, iou] of metrics.iou.entries()) {
          if (metrics.accuracy[c] !== null) expect(iou).toBeLessThanOrEqual(metrics.accuracy[c] ?? 0);
        }
        // Both means lie between the lowest and the highest IoU of the true classes.
        const present = metrics.iou.filter((_, c) => (metrics.truePixels[c] ?? 0) > 0).map((iou) => iou ?? 0);
        expect(metrics.frequencyWeightedIou).toBeGreaterThanOrEqual(Math.min(...present) - 1e-12);
        expect(metrics.frequencyWeightedIou).toBeLessThanOrEqual(Math.max(...present) + 1e-12);
        expect(metrics.frequencyWeightedIou).toBeLessThanOrEqual(metrics.pixelAccuracy + 1e-12);
      }),
    );
  });

  it("does not depend on the order of the classes, nor IoU on which map is the truth", () => {
    const shuffled = squares.chain((rows) =>
      fc.tuple(fc.constant(rows), fc.shuffledSubarray([...rows.keys()], { minLength: rows.length })),
    );
    fc.assert(
      fc.property(shuffled, ([rows, order]) => {
        const metrics = computeMetrics(matrixOf(...rows));
        const permuted = computeMetrics(matrixOf(...order.map((t) => order.map((p) => rows[t]?.[p] ?? 0))));
        expect(permuted.iou).toEqual(order.map((c) => metrics.iou[c]));
        expect(permuted.accuracy).toEqual(order.map((c) => metrics.accuracy[c]));
        for (const name of ["miou", "pixelAccuracy", "meanAccuracy", "frequencyWeightedIou"] as const) {
          expect(permuted[name]).toBeCloseTo(metrics[name], 10);
        }
        const transposed = computeMetrics(matrixOf(...rows.map((_, t) => rows.map((row) => row[t] ?? 0))));
        expect(transposed.iou).toEqual(metrics.iou);
        expect(transposed.pixelAccuracy).toBe(metrics.pixelAccuracy);
      }),
    );
  });

  it("refuses a matrix that counted nothing", () => {
    expect(() => computeMetrics(new ConfusionMatrix(3))).toThrow(LightsegError);
    expect(() => computeMetrics(new ConfusionMatrix(3))).toThrow(/ignore label 255/);
  });
});
