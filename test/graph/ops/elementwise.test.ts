import { describe, expect, it } from "vitest";
import { add, divide, exp, log, multiply, squareRoot, subtract } from "../../../src/graph/ops/elementwise.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { input, type Tensor } from "../../../src/graph/tensor.ts";
import { array, uniform } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { checkOp } from "../../support/gradient-check.ts";
import { fill, valueAt } from "../../support/reference-broadcast.ts";

type Binary = [
  name: string,
  apply: (a: Tensor, b: Tensor) => Tensor,
  formula: (a: number, b: number) => number,
];

const binaries: Binary[] = [
  ["add", add, (a, b) => a + b],
  ["subtract", subtract, (a, b) => a - b],
  ["multiply", multiply, (a, b) => a * b],
  ["divide", divide, (a, b) => a / b],
];

const shapes: [a: number[], b: number[], result: number[]][] = [
  [
    [2, 3, 4, 5],
    [2, 3, 4, 5],
    [2, 3, 4, 5],
  ],
  [
    [2, 3, 4, 5],
    [3, 1, 1],
    [2, 3, 4, 5],
  ],
  [
    [3, 1, 1],
    [2, 3, 4, 5],
    [2, 3, 4, 5],
  ],
  [
    [2, 1, 4],
    [3, 1],
    [2, 3, 4],
  ],
  [
    [1, 5],
    [4, 1],
    [4, 5],
  ],
  [[3], [1], [3]],
  [[2, 3], [], [2, 3]],
  [[], [2, 3], [2, 3]],
  [[], [], []],
  [
    [1, 1],
    [1, 1, 1],
    [1, 1, 1],
  ],
];

describe.each(binaries)("%s", (name, apply, formula) => {
  it.each(shapes)("of %j and %j", async (left, right, shape) => {
    await checkOp({
      variables: { a: uniform(left, { seed: "a" }), b: uniform(right, { seed: "b", low: 0.5, high: 2 }) },
      apply: ({ a, b }) => apply(a, b),
      reference: ({ a, b }) => fill(shape, (place) => formula(valueAt(a, place), valueAt(b, place))),
    });
  });

  it("of a tensor and itself", async () => {
    await checkOp({
      variables: { a: uniform([3, 4], { low: 0.5, high: 2 }) },
      apply: ({ a }) => apply(a, a),
      reference: ({ a }) => fill([3, 4], (place) => formula(valueAt(a, place), valueAt(a, place))),
    });
  });

  it.each([
    [
      [2, 3],
      [2, 4],
    ],
    [
      [2, 3],
      [3, 2],
    ],
    [[4], [3, 1, 3]],
    [
      [1, 3, symbol("H")],
      [3, symbol("W")],
    ],
    [[symbol("H")], [4]],
  ])("refuses %j and %j", (a, b) => {
    expect(() => apply(input("a", a), input("b", b))).toThrow(invalidGraph(name));
  });

  it("keeps symbolic sizes", () => {
    const [h, w] = [symbol("H"), symbol("W")];
    expect(apply(input("a", [1, 3, h, w]), input("b", [3, 1, 1])).shape).toEqual([1, 3, h, w]);
    expect(apply(input("a", [1, 3, 1, w]), input("b", [h, w])).shape).toEqual([1, 3, h, w]);
  });
});

describe("elementwise ops", () => {
  it("divide by negative numbers", async () => {
    await checkOp({
      variables: { a: array([1, -2, 0]), b: array([-0.5, -3, -1]) },
      apply: ({ a, b }) => divide(a, b),
      reference: ({ a, b }) => fill([3], (place) => valueAt(a, place) / valueAt(b, place)),
    });
  });

  it("take square roots", async () => {
    await checkOp({
      variables: { x: uniform([2, 3, 4], { low: 0.2, high: 4 }) },
      apply: ({ x }) => squareRoot(x),
      reference: ({ x }) => ({ ...x, data: x.data.map(Math.sqrt) }),
    });
  });

  it("go together: sqrt(a² + b²) / (a - b)", async () => {
    await checkOp({
      variables: {
        a: uniform([2, 3], { low: 1, high: 2, seed: "a" }),
        b: uniform([3], { low: -2, high: -1, seed: "b" }),
      },
      apply: ({ a, b }) => divide(squareRoot(add(multiply(a, a), multiply(b, b))), subtract(a, b)),
      reference: ({ a, b }) =>
        fill([2, 3], (place) => {
          const [u, v] = [valueAt(a, place), valueAt(b, place)];
          return Math.hypot(u, v) / (u - v);
        }),
    });
  });
});

describe("exp and log", () => {
  it("agree with float64", async () => {
    await checkOp({
      variables: { x: uniform([2, 3, 5], { low: -10, high: 3 }) },
      apply: ({ x }) => exp(x),
      reference: ({ x }) => ({ ...x, data: x.data.map(Math.exp) }),
    });
    await checkOp({
      variables: { x: uniform([2, 3, 5], { low: 0.01, high: 20 }) },
      apply: ({ x }) => log(x),
      reference: ({ x }) => ({ ...x, data: x.data.map(Math.log) }),
    });
  });

  it("differentiate as x to the power of a", async () => {
    const [x, scale] = [uniform([3, 4], { low: 0.5, high: 3 }), uniform([4], { seed: "scale" })];
    await checkOp({
      variables: { x, scale },
      apply: ({ x, scale }) => exp(multiply(log(x), scale)),
      reference: ({ x, scale }) => ({
        ...x,
        data: x.data.map((value, index) => value ** (scale.data[index % 4] ?? Number.NaN)),
      }),
    });
  });
});
