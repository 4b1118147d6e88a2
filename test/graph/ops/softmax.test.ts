import { describe, expect, it } from "vitest";
import { logSoftmax, softmax } from "../../../src/graph/ops/softmax.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { array, at, type NdArray, uniform } from "../../support/array.ts";
import { checkOp, engineGradients } from "../../support/gradient-check.ts";

function referenceSoftmax(x: NdArray): NdArray {
  const length = x.shape.at(-1) ?? 1;
  const start = (index: number) => index - (index % length);
  const best = (index: number) => Math.max(...x.data.subarray(start(index), start(index) + length));
  const exponentials = x.data.map((value, index) => Math.exp(value - best(index)));
  const total = (index: number) =>
    exponentials.subarray(start(index), start(index) + length).reduce((a, b) => a + b);
  return { ...x, data: exponentials.map((value, index) => value / total(index)) };
}

describe("softmax", () => {
  it.each<[string, NdArray]>([
    ["of rows of a batch of matrices", uniform([3, 2, 5], { low: -3, high: 3 })],
    ["of a vector", uniform([7])],
    ["of rows of one value", uniform([2, 3, 1])],
    ["of ties", array([2, 2, 2, 0, 0, 5], [2, 3])],
    ["of a winner that takes it all", array([100, 0, -100, 3, 80, 3], [2, 3])],
  ])("%s", async (_name, x) => {
    await checkOp({
      variables: { x },
      apply: ({ x }) => softmax(x),
      reference: ({ x }) => referenceSoftmax(x),
    });
  });

  it("does not overflow with huge values", async () => {
    const { value, gradients } = await engineGradients({
      variables: { x: array([1e30, 0, -1e30, 1000, 1000, 999], [2, 3]) },
      apply: ({ x }) => softmax(x),
    });
    expect(Array.from(value.data.subarray(0, 3))).toEqual([1, 0, 0]);
    expect(at(value.data, 3)).toBeCloseTo(1 / (2 + Math.exp(-1)), 6);
    expect(Array.from(gradients.x.data).every(Number.isFinite)).toBe(true);
  });

  it("keeps symbolic sizes", () => {
    const shape = [symbol("N"), symbol("P"), symbol("P")];
    expect(softmax(input("x", shape)).shape).toEqual(shape);
  });
});

it("logSoftmax does not overflow with scores of any size", async () => {
  const { value, gradients } = await engineGradients({
    variables: { x: array([1000, 998, -1000, -1000], [1, 2, 1, 2]) },
    apply: ({ x }) => logSoftmax(x),
  });
  // 1000 against -1000, and 998 against -1000.
  expect(Array.from(value.data)).toEqual([0, 0, -2000, -1998]);
  expect(Array.from(gradients.x.data).every(Number.isFinite)).toBe(true);
});
