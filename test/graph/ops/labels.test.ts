import { describe, expect, it } from "vitest";
import { differentiate } from "../../../src/graph/gradient.ts";
import { bestClass, confidence } from "../../../src/graph/ops/labels.ts";
import { sum } from "../../../src/graph/ops/reduction.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { array, expectClose, extents, type NdArray, uniform, wholeNumbers } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { fill, valueAt } from "../../support/reference-broadcast.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

function classesAndConfidence(values: NdArray) {
  const scores = input("scores", values.dims);
  return runGraph(
    { classes: bestClass(scores), confidence: confidence(scores) },
    { scores: floats(values.data, values.dims) },
  );
}

/** For each pixel what a function makes of its scores. */
function eachPixel(scores: NdArray, formula: (values: number[]) => number): NdArray {
  const [n, classes, h, w] = extents(scores);
  return fill([n, h, w], ([image = 0, row = 0, column = 0]) =>
    formula(Array.from({ length: classes }, (_, c) => valueAt(scores, [image, c, row, column]))),
  );
}

const first = (values: number[]) => values.indexOf(Math.max(...values));

function softmaxOfBest(values: number[]): number {
  const best = Math.max(...values);
  return 1 / values.reduce((total, value) => total + Math.exp(value - best), 0);
}

describe("bestClass and confidence", () => {
  it.each<[string, NdArray]>([
    ["random scores", uniform([2, 5, 4, 3], { low: -4, high: 4 })],
    ["many ties", wholeNumbers([2, 6, 5, 5], { high: 2 })],
    ["one class", uniform([1, 1, 2, 2])],
    ["as many classes as a byte has", uniform([1, 256, 2, 2])],
    ["huge scores", array([1e30, -1e30, 1000, 999, 0, 1e30, 998, 1000], [1, 4, 1, 2])],
  ])("of %s", async (_name, scores) => {
    const result = await classesAndConfidence(scores);
    expect(result.classes.data).toBeInstanceOf(Uint8Array);
    expect(Array.from(result.classes.data)).toEqual(Array.from(eachPixel(scores, first).data));
    expectClose(result.confidence, eachPixel(scores, softmaxOfBest));
  });

  it("takes the first of equal scores, whose confidence is 1/C", async () => {
    const result = await classesAndConfidence(array(new Float64Array(3 * 4).fill(-2), [1, 3, 2, 2]));
    expect(Array.from(result.classes.data)).toEqual([0, 0, 0, 0]);
    expect(Array.from(result.confidence.data)).toEqual(new Array(4).fill(expect.closeTo(1 / 3, 6)));
  });

  it("drops the classes' axis and keeps symbolic sizes", () => {
    const [n, h, w] = [symbol("N"), symbol("H"), symbol("W")];
    const scores = input("scores", [n, 21, h, w]);
    expect(bestClass(scores)).toMatchObject({ shape: [n, h, w], dtype: "uint8" });
    expect(confidence(scores)).toMatchObject({ shape: [n, h, w], dtype: "float32" });
  });

  it("refuses what is no feature map", () => {
    expect(() => bestClass(input("scores", [21, 4, 4]))).toThrow(invalidGraph("bestClass"));
    expect(() => confidence(input("scores", [21, 4, 4]))).toThrow(invalidGraph("confidence"));
  });

  it("refuses more classes than a byte can tell apart", () => {
    expect(() => bestClass(input("scores", [1, 257, 4, 4]))).toThrow(invalidGraph("bestClass"));
  });

  it("has no derivative", () => {
    const scores = input("scores", [1, 3, 2, 2]);
    const loss = sum(confidence(scores), [0, 1, 2]);
    expect(() => differentiate(loss, [scores])).toThrow(invalidGraph("gradient"));
  });
});
