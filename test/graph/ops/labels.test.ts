import { describe, expect, it } from "vitest";
import { differentiate } from "../../../src/graph/gradient.ts";
import { bestClass, confidence, oneHot, resizeLabelTensor } from "../../../src/graph/ops/labels.ts";
import { sum } from "../../../src/graph/ops/reduction.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { array, expectClose, extents, type NdArray, uniform, wholeNumbers } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { fill, valueAt } from "../../support/reference-broadcast.ts";
import { floats, ints, runGraph } from "../../support/run-graph.ts";

function classesAndConfidence(values: NdArray) {
  const scores = input("scores", values.shape);
  return runGraph(
    { classes: bestClass(scores), confidence: confidence(scores) },
    { scores: floats(values.data, values.shape) },
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

describe("oneHot", () => {
  const values = [0, 2, 1, 255, -1, 3, 2, 2, 0, 1, 2, 1000];
  const expected = fill([2, 3, 2, 3], ([image = 0, c = 0, row = 0, column = 0]) =>
    values[(image * 2 + row) * 3 + column] === c ? 1 : 0,
  );

  it("marks the class of each pixel, and none where the label is no class", async () => {
    const marks = oneHot(input("labels", [2, 2, 3], "int32"), 3);
    const result = await runGraph({ marks }, { labels: ints(values, [2, 2, 3]) });
    expectClose(result.marks, expected);
  });

  it("takes bytes, as bestClass gives them", async () => {
    const scores = uniform([1, 4, 3, 5]);
    const best = oneHot(bestClass(input("scores", scores.shape)), 4);
    const result = await runGraph({ best }, { scores: floats(scores.data, scores.shape) });
    const marks = fill(scores.shape, (place) => {
      const values = Array.from({ length: 4 }, (_, c) => valueAt(scores, place.with(1, c)));
      return first(values) === place[1] ? 1 : 0;
    });
    expectClose(result.best, marks);
  });

  it("keeps symbolic sizes, and refuses what is no label map", () => {
    const [h, w] = [symbol("H"), symbol("W")];
    expect(oneHot(input("labels", [1, h, w], "uint8"), 7).shape).toEqual([1, 7, h, w]);
    expect(() => oneHot(input("labels", [1, 2, 3]), 7)).toThrow(invalidGraph("oneHot"));
    expect(() => oneHot(input("labels", [2, 3], "int32"), 7)).toThrow(invalidGraph("oneHot"));
  });
});

describe("resizeLabelTensor", () => {
  const resized = async (values: readonly number[], shape: number[], size: readonly [number, number]) => {
    const small = resizeLabelTensor(input("labels", shape, "int32"), size);
    const result = await runGraph({ small }, { labels: ints(values, shape) });
    expect(result.small.shape).toEqual([shape[0], ...size]);
    expect(result.small.data).toBeInstanceOf(Int32Array);
    return Array.from(result.small.data);
  };

  it("takes the label in which the centre of each place lies", async () => {
    // Centres of two places in 5 columns: 1.25 and 3.75; of one place in 2 rows: 1, where the second begins.
    expect(await resized([1, 2, 3, 4, 5, 6, 7, 8, 9, 255], [1, 2, 5], [1, 2])).toEqual([7, 9]);
  });

  it("of each image alone, repeating labels where there are more places", async () => {
    expect(await resized([1, 2, 3, 4], [2, 1, 2], [2, 3])).toEqual([1, 2, 2, 1, 2, 2, 3, 4, 4, 3, 4, 4]);
  });

  it("to the same size changes nothing", async () => {
    const values = Array.from({ length: 30 }, (_, index) => index);
    expect(await resized(values, [2, 3, 5], [3, 5])).toEqual(values);
  });

  it("a quarter of every multiple of 4 is the third of four labels", async () => {
    const values = Array.from({ length: 12 }, (_, index) => index);
    expect(await resized(values, [1, 1, 12], [1, 3])).toEqual([2, 6, 10]);
  });

  it("refuses scores and sizes not known", () => {
    expect(() => resizeLabelTensor(input("labels", [1, 4, 4]), [1, 1])).toThrow(
      invalidGraph("resizeLabelTensor"),
    );
    const labels = input("labels", [1, symbol("H"), 4], "int32");
    expect(() => resizeLabelTensor(labels, [1, 1])).toThrow(invalidGraph("resizeLabelTensor"));
  });
});
