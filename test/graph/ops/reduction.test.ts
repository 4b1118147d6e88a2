import { describe, expect, it } from "vitest";
import { differentiate } from "../../../src/graph/gradient.ts";
import { mean } from "../../../src/graph/ops/mean.ts";
import { broadcastTo, channelSum, reshape, sum, sumTo } from "../../../src/graph/ops/reduction.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { count, expectClose, type NdArray, uniform } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { checkOp } from "../../support/gradient-check.ts";
import { fill, sumOver, valueAt } from "../../support/reference-broadcast.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

const x = uniform([2, 3, 4, 5]);

describe("sum and mean", () => {
  it("over no axes are the values themselves", () => {
    const map = input("map", [2, 3]);
    expect(sum(map, [])).toBe(map);
    expect(mean(map, [])).toBe(map);
  });

  it.each([[-1], [2]])("refuse an axis that is not there: %d", (axis) => {
    const map = input("map", [2, 3]);
    expect(() => sum(map, [axis])).toThrow(invalidGraph("sum"));
    expect(() => mean(map, [0, axis])).toThrow(invalidGraph("mean"));
  });

  it.each<[axes: number[], dropped: number[], kept: number[]]>([
    [[0], [3, 4, 5], [1, 3, 4, 5]],
    [[1], [2, 4, 5], [2, 1, 4, 5]],
    [[3], [2, 3, 4], [2, 3, 4, 1]],
    [
      [2, 3],
      [2, 3],
      [2, 3, 1, 1],
    ],
    [[0, 2, 3], [3], [1, 3, 1, 1]],
    [[0, 1, 2, 3], [], [1, 1, 1, 1]],
  ])("over axes %j", async (axes, dropped, kept) => {
    const totals = (values: NdArray, shape: number[]) => ({ ...sumOver(values, axes), shape });
    const share = count(kept) / count(x.shape);
    const means = (values: NdArray, shape: number[]) => {
      const { data } = totals(values, shape);
      return { shape, data: data.map((total) => total * share) };
    };
    const variables = { x };
    await checkOp({ variables, apply: ({ x }) => sum(x, axes), reference: ({ x }) => totals(x, dropped) });
    await checkOp({
      variables,
      apply: ({ x }) => sum(x, axes, { keepDims: true }),
      reference: ({ x }) => totals(x, kept),
    });
    await checkOp({ variables, apply: ({ x }) => mean(x, axes), reference: ({ x }) => means(x, dropped) });
    await checkOp({
      variables,
      apply: ({ x }) => mean(x, axes, { keepDims: true }),
      reference: ({ x }) => means(x, kept),
    });
  });

  it("over axes that are longer than a pass on a GPU", async () => {
    for (const [shape, axes] of [
      [[5000], [0]],
      [[2, 4097, 3], [1]],
      [
        [3, 4096],
        [0, 1],
      ],
    ] as const) {
      const long = uniform(shape);
      const values = input("x", shape);
      const outputs = { dropped: sum(values, axes), kept: sum(values, axes, { keepDims: true }) };
      const result = await runGraph(outputs, { x: floats(long.data, shape) });
      const expected = sumOver(long, axes).data;
      expect(result.kept.shape).toEqual(
        shape.map((dim, axis) => (axes.some((own) => own === axis) ? 1 : dim)),
      );
      for (const [at, total] of expected.entries())
        for (const { data } of [result.dropped, result.kept]) expect(data[at]).toBeCloseTo(total, 2);
    }
  });

  it("channelSum leaves the channels", async () => {
    const reference = (values: NdArray) => ({ ...sumOver(values, [0, 2, 3]), shape: [3] });
    await checkOp({ variables: { x }, apply: ({ x }) => channelSum(x), reference: ({ x }) => reference(x) });
  });

  it("of an axis of one value is that value", async () => {
    const variables = { x: uniform([1, 4]) };
    await checkOp({
      variables,
      apply: ({ x }) => mean(x, [0]),
      reference: ({ x }) => ({ ...x, shape: [4] }),
    });
  });

  it("mean works on sizes known only at the run, and its gradient does not", async () => {
    const tensor = input("x", [2, 3, symbol("H"), 5]);
    const average = mean(tensor, [2, 3]);
    expect(average.shape).toEqual([2, 3]);
    const { value } = await runGraph({ value: average }, { x: floats(x.data, x.shape) });
    expectClose(value, { shape: [2, 3], data: sumOver(x, [2, 3]).data.map((total) => total / 20) });
    expect(() => differentiate(sum(average, [0, 1]), [tensor])).toThrow(invalidGraph("mean"));
  });

  it("sum keeps the symbolic sizes of the other axes", () => {
    const h = symbol("H");
    expect(sum(input("x", [1, 3, h, 4]), [1, 3]).shape).toEqual([1, h]);
  });
});

describe("sumTo undoes broadcasting", () => {
  it.each([[[3, 4, 5]], [[3, 1, 1]], [[1, 3, 1, 1]], [[5]], [[1]], [[]], [[2, 1, 4, 1]], [[2, 3, 4, 5]]])(
    "to %j",
    async (shape) => {
      const lead = x.shape.length - shape.length;
      const axes = x.shape.flatMap((_, axis) => (axis < lead || shape[axis - lead] === 1 ? [axis] : []));
      await checkOp({
        variables: { x },
        apply: ({ x }) => sumTo(x, shape),
        reference: ({ x }) => ({ ...sumOver(x, axes), shape }),
      });
    },
  );

  it("to the tensor itself where the shapes agree", () => {
    const tensor = input("x", [2, symbol("W")]);
    expect(sumTo(tensor, [2, symbol("W")])).toBe(tensor);
  });
});

describe("broadcastTo", () => {
  it.each<[from: number[], to: number[]]>([
    [
      [3, 1, 1],
      [2, 3, 4, 5],
    ],
    [[5], [4, 5]],
    [[], [2, 3]],
    [
      [2, 1, 3],
      [2, 4, 3],
    ],
    [[1], [1, 1, 1]],
  ])("repeats %j to %j", async (from, to) => {
    await checkOp({
      variables: { x: uniform(from) },
      apply: ({ x }) => broadcastTo(x, to),
      reference: ({ x }) => fill(to, (place) => valueAt(x, place)),
    });
  });

  it.each<[from: number[], to: number[]]>([
    [[3], [4]],
    [[2, 3], [3]],
    [[3], [1]],
  ])("refuses %j to %j", (from, to) => {
    expect(() => broadcastTo(input("x", from), to)).toThrow(invalidGraph("broadcastTo"));
  });
});

describe("reshape", () => {
  it.each<[from: number[], to: number[]]>([
    [
      [2, 3, 4],
      [6, 4],
    ],
    [[2, 3, 4], [24]],
    [[24], [1, 2, 12, 1]],
    [[1, 1], []],
    [[], [1, 1, 1]],
  ])("%j to %j keeps the order of the values", async (from, to) => {
    await checkOp({
      variables: { x: uniform(from) },
      apply: ({ x }) => reshape(x, to),
      reference: ({ x }) => ({ ...x, shape: to }),
    });
  });

  it("to its own shape is the tensor itself", () => {
    const tensor = input("x", [2, 3]);
    expect(reshape(tensor, [2, 3])).toBe(tensor);
  });

  it("refuses a shape of another number of values, and sizes not known", () => {
    expect(() => reshape(input("x", [2, 3]), [5])).toThrow(invalidGraph("reshape"));
    expect(() => reshape(input("x", [2, symbol("W")]), [6])).toThrow(invalidGraph("reshape"));
  });
});
