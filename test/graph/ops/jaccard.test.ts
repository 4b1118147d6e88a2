import { describe, expect, it } from "vitest";
import { softJaccardLoss } from "../../../src/graph/ops/jaccard.ts";
import { input } from "../../../src/graph/tensor.ts";
import { array, at, extents, type NdArray, uniform, wholeNumbers } from "../../support/array.ts";
import { checkOp } from "../../support/gradient-check.ts";
import { valueAt } from "../../support/reference-broadcast.ts";
import { floats, ints, runGraph } from "../../support/run-graph.ts";

/** One minus the mean over the classes in the target of `sum p t / (sum p + sum t - sum p t)`. */
function jaccardLoss(scores: NdArray, target: ArrayLike<number>): number {
  const [n, classes, h, w] = extents(scores);
  const intersection = new Array<number>(classes).fill(0);
  const union = new Array<number>(classes).fill(0);
  for (let pixel = 0; pixel < n * h * w; pixel++) {
    const label = at(target, pixel);
    if (label < 0 || label >= classes) continue;
    const place = (c: number) => [Math.floor(pixel / (h * w)), c, Math.floor(pixel / w) % h, pixel % w];
    const powers = Array.from({ length: classes }, (_, c) => Math.exp(valueAt(scores, place(c))));
    const total = powers.reduce((sum, power) => sum + power, 0);
    for (const [c, power] of powers.entries()) {
      const [p, t] = [power / total, c === label ? 1 : 0];
      intersection[c] = at(intersection, c) + p * t;
      union[c] = at(union, c) + p + t - p * t;
    }
  }
  const present = [...union.keys()].filter((c) => Array.from(target).includes(c));
  const losses = present.map((c) => 1 - at(intersection, c) / at(union, c));
  return losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, losses.length);
}

/** Value and gradient against the naive formula. */
async function check(scores: NdArray, target: ArrayLike<number>): Promise<void> {
  const [n, , h, w] = extents(scores);
  await checkOp({
    variables: { scores },
    apply: ({ scores }) => softJaccardLoss(scores, input("target", [n, h, w], "int32")),
    reference: ({ scores }) => ({ shape: [], data: Float64Array.of(jaccardLoss(scores, target)) }),
    feeds: { target: ints(target, [n, h, w]) },
  });
}

async function lossOf(scores: NdArray, target: readonly number[]): Promise<number> {
  const [n, c, h, w] = extents(scores);
  const loss = softJaccardLoss(input("scores", [n, c, h, w]), input("target", [n, h, w], "int32"));
  const feeds = { scores: floats(scores.data, [n, c, h, w]), target: ints(target, [n, h, w]) };
  const { value } = await runGraph({ value: loss }, feeds);
  return value.data[0] ?? Number.NaN;
}

describe("softJaccardLoss", () => {
  const scores = uniform([2, 4, 3, 5], { low: -3, high: 3 });
  const labels = (low: number, high: number) => wholeNumbers([2, 3, 5], { low, high }).data;

  it("of pixels that all have a class", () => check(scores, labels(0, 3)));

  it("leaves out the label 255, in the probabilities too", () =>
    check(
      scores,
      labels(0, 4).map((label) => (label === 4 ? 255 : label)),
    ));

  it("averages over the classes that the target has", () => check(scores, labels(1, 2)));

  it("of one photo, one pixel", () => check(uniform([1, 3, 1, 1]), [2]));

  it("of equal scores", () => check(array([1, 1, 1, 1, 1, 1], [1, 2, 1, 3]), [0, 1, 1]));

  it("is 0 without a labelled pixel, and so is its gradient", () =>
    check(uniform([1, 3, 2, 2]), [255, -1, 3, 255]));

  it("is one minus the mean IoU of certain scores", async () => {
    // Predicted 0 0 1 1 of the truth 0 1 1 1: IoU 1/2 and 2/3.
    const certain = array([99, 99, 0, 0, 0, 0, 99, 99], [1, 2, 1, 4]);
    expect(await lossOf(certain, [0, 1, 1, 1])).toBeCloseTo(1 - (1 / 2 + 2 / 3) / 2, 6);
    expect(await lossOf(certain, [0, 0, 1, 1])).toBeCloseTo(0, 6);
    expect(await lossOf(certain, [1, 1, 0, 0])).toBeCloseTo(1, 6);
  });
});
