import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { BoundaryScore, findBoundary } from "../../src/evaluation/boundary.ts";
import type { LabelMap } from "../../src/images/types.ts";
import { drawMap, labelMaps } from "./maps.ts";

const boundaryOf = (map: LabelMap, truth = map) => [...findBoundary(map, truth.data).data];

function measure(classes: number, tolerance: number, ...pairs: [truth: LabelMap, prediction: LabelMap][]) {
  const score = new BoundaryScore(classes, { tolerance });
  for (const [truth, prediction] of pairs) score.add(truth, prediction);
  return score.compute();
}

describe("findBoundary", () => {
  it("marks both sides of an outline, but neither the edge of the image nor diagonal neighbours", () => {
    expect(boundaryOf(drawMap("0000", "0110", "0000"))).toEqual(
      [
        [255, 0, 0, 255],
        [0, 1, 1, 0],
        [255, 0, 0, 255],
      ].flat(),
    );
    expect(boundaryOf(drawMap("00", "00"))).toEqual([255, 255, 255, 255]);
  });

  it("makes no boundary between classes and ignored pixels, nor anywhere below those", () => {
    expect(boundaryOf(drawMap("0.1"))).toEqual([255, 255, 255]);
    // Predicted: a change between columns 0 and 1, and one between 1 and 2; column 1 is ignored.
    expect(boundaryOf(drawMap("0120"), drawMap("0.00"))).toEqual([255, 255, 2, 0]);
  });
});

describe("BoundaryScore", () => {
  it("agrees with a computation by hand", () => {
    // Class 0 ends in column 2, predicted in column 3; class 1 begins in column 3, predicted in column 4.
    const pair: [LabelMap, LabelMap] = [drawMap("000111", "000111"), drawMap("000011", "000011")];
    expect(measure(3, 0, pair)).toEqual({
      meanScore: 0,
      score: [0, 0, null],
      precision: [0, 0, null],
      recall: [0, 0, null],
    });
    // The diagonal is sqrt(40) = 6.32: a tolerance of 0.159 is 1.006 pixels.
    expect(measure(3, 0.159, pair).score).toEqual([1, 1, null]);
    expect(measure(3, 0.157, pair).score).toEqual([0, 0, null]);
  });

  it("weighs precision against recall, and takes the mean over images", () => {
    // Truth: class 1 in column 3 only, boundary of 0 in columns 2 and 4. Predicted: a second stripe in column
    // 7.
    const truth = drawMap("0001000000");
    const prediction = drawMap("0001000100");
    const { score, precision, recall, meanScore } = measure(2, 0, [truth, prediction]);
    expect(precision).toEqual([1 / 2, 1 / 2]);
    expect(recall).toEqual([1, 1]);
    expect(score).toEqual([2 / 3, 2 / 3]);
    expect(meanScore).toBeCloseTo(2 / 3, 12);
    // A second image, right everywhere; a third one without boundaries, which does not count.
    const blank = drawMap("0000");
    const both = measure(2, 0, [truth, prediction], [truth, truth], [blank, blank]);
    expect(both.score[1]).toBeCloseTo((2 / 3 + 1) / 2, 12);
    expect(both.precision[1]).toBeCloseTo((1 / 2 + 1) / 2, 12);
  });

  it("gives 0 where a class has a boundary in truth or prediction alone, null where in neither", () => {
    const missed = measure(3, 1, [drawMap("0011"), drawMap("0000")]);
    expect(missed).toMatchObject({ score: [0, 0, null], recall: [0, 0, null], meanScore: 0 });
    const invented = measure(3, 1, [drawMap("0000"), drawMap("0022")]);
    expect(invented).toMatchObject({ score: [0, null, 0], precision: [0, null, 0] });
    const nothing = measure(2, 1, [drawMap("..", ".."), drawMap("01", "10")]);
    expect(nothing).toEqual({
      meanScore: null,
      score: [null, null],
      precision: [null, null],
      recall: [null, null],
    });
  });

  it("is 1 for equal maps, whatever the tolerance", () => {
    fc.assert(
      fc.property(labelMaps(), fc.double({ min: 0, max: 1, noNaN: true }), ({ truth }, tolerance) => {
        // What is ignored may be predicted as anything.
        const prediction = { ...truth, data: truth.data.map((label) => (label === 255 ? 0 : label)) };
        const { meanScore, score } = measure(4, tolerance, [truth, prediction]);
        expect(meanScore ?? 1).toBe(1);
        for (const value of score) expect(value ?? 1).toBe(1);
      }),
    );
  });

  it("is 0 for outlines that are far apart", () => {
    const stripe = (column: number) =>
      drawMap(...Array(20).fill("0".repeat(column) + "1".repeat(80 - column)));
    expect(measure(2, 0.0075, [stripe(10), stripe(70)]).meanScore).toBe(0);
    expect(measure(2, 0.0075, [stripe(10), stripe(10)]).meanScore).toBe(1);
  });

  it("never falls with the tolerance, and stays within 0..1", () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(labelMaps(), share, share, ({ truth, prediction }, first, second) => {
        const low = measure(4, Math.min(first, second), [truth, prediction]);
        const high = measure(4, Math.max(first, second), [truth, prediction]);
        for (let label = 0; label < 4; label++) {
          for (const name of ["score", "precision", "recall"] as const) {
            expect(high[name][label] ?? 0).toBeGreaterThanOrEqual(low[name][label] ?? 0);
            expect(high[name][label] ?? 0).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });

  it("swaps precision and recall when truth and prediction are swapped", () => {
    fc.assert(
      fc.property(labelMaps({ ignored: false }), ({ truth, prediction }) => {
        const forward = measure(4, 0.1, [truth, prediction]);
        const backward = measure(4, 0.1, [prediction, truth]);
        expect(backward).toEqual({ ...forward, precision: forward.recall, recall: forward.precision });
      }),
    );
  });

  it("agrees with comparing every pair of boundary pixels", () => {
    fc.assert(
      fc.property(labelMaps(), fc.double({ min: 0, max: 0.6, noNaN: true }), (maps, tolerance) => {
        const { truth, prediction } = maps;
        const { precision, recall } = measure(4, tolerance, [truth, prediction]);
        const ours = findBoundary(prediction, truth.data);
        const theirs = findBoundary(truth, truth.data);
        for (let label = 0; label < 4; label++) {
          expect(precision[label] ?? 0).toBe(naiveShare(ours, theirs, label, tolerance));
          expect(recall[label] ?? 0).toBe(naiveShare(theirs, ours, label, tolerance));
        }
      }),
    );
  });

  it("refuses other sizes, malformed maps, and tolerances and classes out of range", () => {
    const score = new BoundaryScore(2);
    expect(score.tolerance).toBe(0.0075);
    expect(() => score.add(drawMap("01"), drawMap("0"))).toThrow(
      /prediction must have the truth's size, 2x1, got "1x1"/,
    );
    expect(() => score.add(drawMap("01"), drawMap("01", "01"))).toThrow(/got "2x2"/);
    const short = { width: 2, height: 1, data: new Uint8Array(1) };
    expect(() => score.add(drawMap("01"), short)).toThrow(LightsegError);
    for (const tolerance of [-0.1, 1.1, Number.NaN]) {
      expect(() => new BoundaryScore(2, { tolerance })).toThrow(/tolerance must be from 0 to 1/);
    }
    expect(() => new BoundaryScore(256)).toThrow(LightsegError);
  });
});

/** The share of a label's pixels with one of the other map within reach, by looking at all pairs. */
function naiveShare(of: LabelMap, near: LabelMap, label: number, tolerance: number): number {
  const pixels = (map: LabelMap) =>
    [...map.data].flatMap((value, i) =>
      value === label ? [{ x: i % map.width, y: Math.floor(i / map.width) }] : [],
    );
  const radius = tolerance * Math.hypot(of.width, of.height);
  const others = pixels(near);
  const all = pixels(of);
  const found = all.filter((a) => others.some((b) => (a.x - b.x) ** 2 + (a.y - b.y) ** 2 <= radius * radius));
  return all.length === 0 ? 0 : found.length / all.length;
}
