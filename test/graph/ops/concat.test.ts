import { describe, expect, it } from "vitest";
import { concat, slice } from "../../../src/graph/ops/concat.ts";
import { multiply } from "../../../src/graph/ops/elementwise.ts";
import { formatShape, symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { type NdArray, uniform } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { checkOp } from "../../support/gradient-check.ts";
import { fill, valueAt } from "../../support/reference-broadcast.ts";

const piece = (x: NdArray, axis: number, start: number, end: number) =>
  fill(x.shape.with(axis, end - start), (place) => valueAt(x, place.with(axis, (place[axis] ?? 0) + start)));

function joined(a: NdArray, b: NdArray, axis: number): NdArray {
  const [left = 0, right = 0] = [a.shape[axis], b.shape[axis]];
  return fill(a.shape.with(axis, left + right), (place) => {
    const index = place[axis] ?? 0;
    return index < left ? valueAt(a, place) : valueAt(b, place.with(axis, index - left));
  });
}

describe("concat", () => {
  it.each<[axis: number, a: number[], b: number[]]>([
    [1, [2, 3, 2, 4], [2, 1, 2, 4]],
    [0, [2, 3], [4, 3]],
    [3, [1, 2, 3, 1], [1, 2, 3, 5]],
    [2, [2, 1, 2], [2, 1, 2]],
  ])("along axis %i", async (axis, a, b) => {
    await checkOp({
      variables: { a: uniform(a, { seed: "a" }), b: uniform(b, { seed: "b" }) },
      apply: ({ a, b }) => concat([a, b], axis),
      reference: ({ a, b }) => joined(a, b, axis),
    });
  });

  it("of three maps along the channels, one of them twice", async () => {
    await checkOp({
      variables: { a: uniform([1, 2, 2, 3], { seed: "a" }), b: uniform([1, 1, 2, 3], { seed: "b" }) },
      apply: ({ a, b }) => concat([a, b, a]),
      reference: ({ a, b }) => joined(joined(a, b, 1), a, 1),
    });
  });

  it("of one tensor is a copy", async () => {
    await checkOp({
      variables: { a: uniform([1, 2, 3]) },
      apply: ({ a }) => concat([a]),
      reference: ({ a }) => a,
    });
  });

  it("keeps symbolic sizes of the other axes", () => {
    const [h, w] = [symbol("H"), symbol("W")];
    expect(concat([input("a", [1, 2, h, w]), input("b", [1, 5, h, w])]).shape).toEqual([1, 7, h, w]);
  });

  it.each([
    ["maps of two sizes", [1, 2, 3, 4], [1, 2, 3, 5]],
    ["tensors of two ranks", [1, 2, 3], [1, 2, 3, 1]],
    ["an axis whose size is not known", [1, 2, 3], [1, symbol("C"), 3]],
    ["sizes of two names", [1, 2, symbol("H")], [1, 2, symbol("W")]],
  ])("refuses %s", (_name, a, b) => {
    expect(() => concat([input("a", a), input("b", b)])).toThrow(invalidGraph("concat"));
  });

  it("refuses nothing at all, an axis that is not there and two element types", () => {
    expect(() => concat([])).toThrow(invalidGraph("concat"));
    expect(() => concat([input("a", [2, 3]), input("b", [2, 3])], 2)).toThrow(invalidGraph("concat"));
    expect(() => concat([input("a", [2, 3]), input("b", [2, 3], "int32")])).toThrow(invalidGraph("concat"));
  });

  it("keeps the element type", () => {
    expect(concat([input("a", [1, 2], "int32"), input("b", [1, 2], "int32")]).dtype).toBe("int32");
  });
});

describe("slice", () => {
  it.each([
    [1, 0, 2],
    [1, 2, 5],
    [0, 1, 2],
    [3, 1, 3],
    [2, 0, 3],
  ])("along axis %i from %i to %i", async (axis, start, end) => {
    await checkOp({
      variables: { x: uniform([2, 5, 3, 4]) },
      apply: ({ x }) => slice(x, { axis, start, end }),
      reference: ({ x }) => piece(x, axis, start, end),
    });
  });

  it("to the end, where no end is given", async () => {
    await checkOp({
      variables: { x: uniform([2, 5]) },
      apply: ({ x }) => slice(x, { axis: 1, start: 2 }),
      reference: ({ x }) => ({ shape: [2, 3], data: x.data.filter((_, index) => index % 5 >= 2) }),
    });
  });

  it("to an end that is not known, but no further", () => {
    const x = input("x", [1, 3, symbol("H"), 4]);
    expect(formatShape(slice(x, { axis: 2, start: 1 }).shape)).toBe("[1, 3, H-1, 4]");
    expect(() => slice(x, { axis: 2, start: 1, end: 3 })).toThrow(invalidGraph("slice"));
  });

  it("of rows and of columns reads those places alone", () => {
    const x = input("x", [1, 3, 8, 9]);
    const region = { rows: [0, 1], columns: [2, 4] } as const;
    expect(slice(x, { axis: 2, start: 5 }).reads(region)).toEqual([{ rows: [5, 6], columns: [2, 4] }]);
    expect(slice(x, { axis: 3, start: 4 }).reads(region)).toEqual([{ rows: [0, 1], columns: [6, 8] }]);
    expect(slice(x, { axis: 1, start: 1 }).reads(region)).toEqual([region]);
  });

  it("of a slice, overlapping others", async () => {
    await checkOp({
      variables: { x: uniform([1, 6]) },
      apply({ x }) {
        const inner = slice(x, { axis: 1, start: 1, end: 6 });
        return multiply(
          slice(inner, { axis: 1, start: 1, end: 4 }),
          slice(inner, { axis: 1, start: 0, end: 3 }),
        );
      },
      reference({ x }) {
        const [a, b] = [piece(x, 1, 2, 5), piece(x, 1, 1, 4)];
        return fill([1, 3], (place) => valueAt(a, place) * valueAt(b, place));
      },
    });
  });

  it.each([
    ["an axis that is not there", { axis: 2, start: 0, end: 1 }],
    ["an end beyond the axis", { axis: 1, start: 0, end: 4 }],
    ["a start before it", { axis: 1, start: -1, end: 2 }],
    ["nothing", { axis: 1, start: 2, end: 2 }],
  ])("refuses %s", (_name, range) => {
    expect(() => slice(input("x", [2, 3]), range)).toThrow(invalidGraph("slice"));
  });
});
