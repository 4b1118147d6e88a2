import { describe, expect, it } from "vitest";
import { softmaxCrossEntropy } from "../../../src/graph/ops/loss.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { array, at, extents, filled, type NdArray, uniform, wholeNumbers } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { checkOp, engineGradients } from "../../support/gradient-check.ts";
import { valueAt } from "../../support/reference-broadcast.ts";
import { floats, ints, runGraph } from "../../support/run-graph.ts";

/** The weighted mean of `log sum exp scores - scores[target]` over the pixels whose target is a class. */
function crossEntropy(scores: NdArray, target: ArrayLike<number>, classWeights?: readonly number[]): number {
  const [n, classes, h, w] = extents(scores);
  let [total, weights] = [0, 0];
  for (let pixel = 0; pixel < n * h * w; pixel++) {
    const label = at(target, pixel);
    if (label < 0 || label >= classes) continue;
    const place = (c: number) => [Math.floor(pixel / (h * w)), c, Math.floor(pixel / w) % h, pixel % w];
    const values = Array.from({ length: classes }, (_, c) => valueAt(scores, place(c)));
    const best = Math.max(...values);
    const logTotal = best + Math.log(values.reduce((sum, value) => sum + Math.exp(value - best), 0));
    const weight = classWeights ? at(classWeights, label) : 1;
    total += weight * (logTotal - at(values, label));
    weights += weight;
  }
  return weights === 0 ? 0 : total / weights;
}

interface Case {
  scores: NdArray;
  target: ArrayLike<number>;
  classWeights?: readonly number[];
}

/** Value and gradient against the naive formula. */
async function check({ scores, target, classWeights }: Case): Promise<void> {
  const [n, , h, w] = extents(scores);
  await checkOp({
    variables: { scores },
    apply: ({ scores }) => softmaxCrossEntropy(scores, input("target", [n, h, w], "int32"), { classWeights }),
    reference: ({ scores }) => ({
      shape: [],
      data: Float64Array.of(crossEntropy(scores, target, classWeights)),
    }),
    feeds: { target: ints(target, [n, h, w]) },
  });
}

describe("softmaxCrossEntropy", () => {
  const scores = uniform([2, 4, 3, 3], { low: -3, high: 3 });
  const labels = (low: number, high: number) => wholeNumbers([2, 3, 3], { low, high }).data;

  it("of pixels that all have a class", () => check({ scores, target: labels(0, 3) }));

  it("leaves out the label 255", () =>
    check({ scores, target: labels(0, 4).map((label) => (label === 4 ? 255 : label)) }));

  it("leaves out every other value that is no class", () =>
    check({
      scores,
      target: [-1, 4, 0, 3, 2 ** 31 - 1, -(2 ** 31), 1, 2, 100, -255, 0, 1, 2, 3, 4, 5, 6, 7],
    }));

  it("weighs the classes, and divides by the weights that it met", () =>
    check({ scores, target: labels(-1, 3), classWeights: [0.5, 2, 1.25, 0] }));

  it("is the same whatever the size of equal weights", () =>
    check({ scores, target: labels(0, 3), classWeights: [3, 3, 3, 3] }));

  it("also of weights that are small together", () =>
    check({
      scores: uniform([1, 3, 1, 2]),
      target: [1, 2],
      classWeights: [1, 1e-3, 2e-3],
    }));

  it("of one pixel and one class is 0", () => check({ scores: array([5], [1, 1, 1, 1]), target: [0] }));

  it("does not overflow with huge scores", async () => {
    await check({ scores: array([1000, -1000, 0, 900, 999, 1000], [1, 3, 1, 2]), target: [0, 1] });
    await check({ scores: array([1e30, -1e30, 0, -3, 1e20, 2], [1, 2, 1, 3]), target: [0, 1, 1] });
  });

  it("is as small as the doubt where the class is almost certain", async () => {
    const scores = array([12, 0, 0, 12], [1, 2, 1, 2]);
    const { value } = await engineGradients({
      variables: { scores },
      apply: ({ scores }) => softmaxCrossEntropy(scores, input("target", [1, 1, 2], "int32")),
      feeds: { target: ints([0, 1], [1, 1, 2]) },
    });
    expect((value.data[0] ?? Number.NaN) / Math.log1p(Math.exp(-12))).toBeCloseTo(1, 1);
  });

  it.each([
    ["every pixel is ignored", [255, 255, -1, 7], undefined],
    ["the classes at hand weigh nothing", [1, 1, 255, 1], [1, 0, 1]],
  ])("is 0 with a gradient of 0 where %s", async (_name, target, classWeights) => {
    const { value, gradients } = await engineGradients({
      variables: { scores: uniform([1, 3, 2, 2]) },
      apply: ({ scores }) =>
        softmaxCrossEntropy(scores, input("target", [1, 2, 2], "int32"), { classWeights }),
      feeds: { target: ints(target, [1, 2, 2]) },
    });
    expect(Array.from(value.data, Math.abs)).toEqual([0]);
    expect(Array.from(gradients.scores.data, Math.abs)).toEqual(new Array(12).fill(0));
  });

  it("is log C where all scores are equal", async () => {
    const scores = filled([1, 21, 2, 3], () => 4);
    const loss = softmaxCrossEntropy(input("scores", [1, 21, 2, 3]), input("target", [1, 2, 3], "int32"));
    const target = ints([0, 20, 3, 255, 4, 4], [1, 2, 3]);
    const result = await runGraph({ loss }, { scores: floats(scores.data, scores.shape), target });
    expect(result.loss.shape).toEqual([]);
    expect(result.loss.data[0]).toBeCloseTo(Math.log(21), 5);
  });

  it("works on sizes known only at the run", async () => {
    const [n, h, w] = [symbol("N"), symbol("H"), symbol("W")];
    const loss = softmaxCrossEntropy(input("scores", [n, 4, h, w]), input("target", [n, h, w], "int32"));
    const target = labels(-1, 3);
    const result = await runGraph(
      { loss },
      { scores: floats(scores.data, scores.shape), target: ints(target, [2, 3, 3]) },
    );
    expect(result.loss.data[0]).toBeCloseTo(crossEntropy(scores, target), 5);
  });
});

describe("softmaxCrossEntropy's shape rule", () => {
  const scores = input("scores", [2, 3, 4, 5]);

  it.each([
    ["a target of another size", [2, 4, 4], "int32"],
    ["a target with a channel axis", [2, 1, 4, 5], "int32"],
    ["a target of float32", [2, 4, 5], "float32"],
  ] as const)("refuses %s", (_name, shape, dtype) => {
    const target = input("target", shape, dtype);
    expect(() => softmaxCrossEntropy(scores, target)).toThrow(invalidGraph("softmaxCrossEntropy"));
  });

  it("refuses weights of other classes and scores that are no feature map", () => {
    const target = input("target", [2, 4, 5], "int32");
    const refused = invalidGraph("softmaxCrossEntropy");
    expect(() => softmaxCrossEntropy(scores, target, { classWeights: [1, 2] })).toThrow(refused);
    expect(() => softmaxCrossEntropy(input("scores", [3, 4, 5]), target)).toThrow(refused);
  });
});
