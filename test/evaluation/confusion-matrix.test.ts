import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { ConfusionMatrix, confusionRows } from "../../src/evaluation/confusion-matrix.ts";

const map = (...values: number[]) => ({ width: values.length, height: 1, data: Uint8Array.from(values) });

describe("ConfusionMatrix", () => {
  it("counts truth in rows, prediction in columns, over several images", () => {
    const matrix = new ConfusionMatrix(3);
    matrix.add(map(0, 0, 1, 2, 255), map(0, 1, 1, 0, 2));
    matrix.add(map(0, 1), map(0, 2));
    expect([...matrix.counts]).toEqual([2, 1, 0, 0, 1, 1, 1, 0, 0]);
  });

  it("skips ignored pixels whatever was predicted there", () => {
    const matrix = new ConfusionMatrix(2);
    matrix.add(map(255, 255), map(1, 255));
    expect([...matrix.counts]).toEqual([0, 0, 0, 0]);
  });

  it("gives the true pixels of each label, ignored ones too", () => {
    const matrix = new ConfusionMatrix(3);
    matrix.add(map(0, 0, 2, 255), map(0, 1, 1, 0));
    matrix.add(map(255, 0), map(1, 0));
    const { labelPixels } = matrix;
    expect([labelPixels[0], labelPixels[1], labelPixels[2], labelPixels[255]]).toEqual([3, 0, 1, 2]);
  });

  it("agrees with counting pair by pair", () => {
    const pixels = (classes: number) =>
      fc.array(fc.tuple(fc.oneof(fc.nat(classes - 1), fc.constant(255)), fc.nat(classes - 1)), {
        minLength: 1,
        maxLength: 60,
      });
    const images = fc
      .integer({ min: 1, max: 6 })
      .chain((classes) => fc.tuple(fc.constant(classes), pixels(classes)));
    fc.assert(
      fc.property(images, ([classes, pairs]) => {
        const matrix = new ConfusionMatrix(classes);
        matrix.add(map(...pairs.map(([truth]) => truth)), map(...pairs.map(([, prediction]) => prediction)));
        for (let t = 0; t < classes; t++) {
          for (let p = 0; p < classes; p++) {
            const naive = pairs.filter(([truth, prediction]) => truth === t && prediction === p).length;
            expect(matrix.counts[t * classes + p]).toBe(naive);
          }
        }
      }),
    );
  });

  it("lists the counts row by row", () => {
    const matrix = new ConfusionMatrix(2);
    matrix.add(map(0, 0, 0, 1, 1), map(0, 1, 1, 1, 1));
    expect(confusionRows(matrix)).toEqual([
      [1, 2],
      [0, 2],
    ]);
  });

  it("refuses other sizes and labels out of range, and then counts nothing", () => {
    const matrix = new ConfusionMatrix(2);
    expect(() => matrix.add(map(0, 1), map(0))).toThrow(
      /prediction must have the truth's size, 2x1, got "1x1"/,
    );
    expect(() => matrix.add(map(0, 1), map(0, 2))).toThrow(/prediction must hold 0\.\.1, got 2/);
    expect(() => matrix.add(map(0, 2), map(0, 1))).toThrow(/truth must hold 0\.\.1 or 255, got 2/);
    const turned = { width: 1, height: 2, data: new Uint8Array(2) };
    expect(() => matrix.add(map(0, 1), turned)).toThrow(LightsegError);
    const short = { width: 2, height: 1, data: new Uint8Array(1) };
    expect(() => matrix.add(map(0, 1), short)).toThrow(LightsegError);
    expect([...matrix.counts]).toEqual([0, 0, 0, 0]);
  });

  it.each([0, 256, 1.5, Number.NaN])("refuses %f classes", (classes) => {
    expect(() => new ConfusionMatrix(classes)).toThrow(LightsegError);
  });

  it("accepts 255 classes, the last being 254", () => {
    const matrix = new ConfusionMatrix(255);
    matrix.add(map(254, 255), map(254, 0));
    expect(matrix.counts[255 * 255 - 1]).toBe(1);
  });
});
