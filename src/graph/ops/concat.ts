import { invalidGraph } from "../invalid-graph.ts";
import { defineOp } from "../op.ts";
import type { Span } from "../region.ts";
import { fixedShape, formatShape, formatType, sameShape, shiftDim } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

const concatOp = defineOp<readonly Tensor[], { axis: number }>({
  name: "concat",
  infer(inputs, { axis }) {
    const [first] = inputs;
    const fits = ({ shape, dtype }: Tensor) =>
      dtype === first?.dtype &&
      axis < shape.length &&
      sameShape(shape.toSpliced(axis, 1), first.shape.toSpliced(axis, 1));
    if (!first || !inputs.every(fits)) {
      const rule = `must be one or more tensors of one element type that differ on axis ${axis} alone`;
      throw invalidGraph("concat", "inputs", rule, inputs.map(formatType).join(" "));
    }
    const total = inputs.reduce((sum, x) => sum + extentOf("concat", x, axis), 0);
    return { shape: first.shape.with(axis, total), dtype: first.dtype };
  },
  // Each input gets back its own piece of dy.
  gradient({ inputs, attributes: { axis } }, dy) {
    let start = 0;
    return inputs.map((input) => {
      const end = start + extentOf("concat", input, axis);
      const piece = slice(dy, { axis, start, end });
      start = end;
      return piece;
    });
  },
  onnx: ({ inputs, attributes: { axis } }, onnx) => onnx.node("Concat", inputs, { axis }),
});

/** Beyond any extent: ONNX cuts a slice off at the end of the tensor. */
const THE_END = 2 ** 31 - 1;

const sliceOp = defineOp<[x: Tensor], { axis: number; start: number; end?: number }>({
  name: "slice",
  infer([x], { axis, start, end }) {
    const extent = x.shape[axis] ?? 0;
    const length = end === undefined ? shiftDim(extent, -start) : end - start;
    const fits = typeof extent === "number" ? (end ?? extent) <= extent : end === undefined;
    if (!fits || start < 0 || (typeof length === "number" && length <= 0)) {
      const rule = `must be a part of axis ${axis} of ${formatShape(x.shape)}`;
      throw invalidGraph("slice", "range", rule, `${start} to ${end ?? "the end"}`);
    }
    return { shape: x.shape.with(axis, length), dtype: x.dtype };
  },
  // dy surrounded by zeros.
  gradient({ inputs: [x], attributes: { axis, start }, output }, dy) {
    const after = extentOf("slice", x, axis) - start - extentOf("slice", output, axis);
    return [padOp([dy], { axis, before: start, after })];
  },
  onnx({ inputs: [x], attributes: { axis, start, end = THE_END } }, onnx) {
    return onnx.slice(x, { axes: [axis], starts: [start], ends: [end] });
  },
  reads({ attributes: { axis, start } }, { rows, columns }) {
    const shift = ([first, last]: Span, by: number): Span => [first + by, last + by];
    return [{ rows: shift(rows, axis === 2 ? start : 0), columns: shift(columns, axis === 3 ? start : 0) }];
  },
});

/** Zeros before and after, along one axis. */
const padOp = defineOp<[x: Tensor], { axis: number; before: number; after: number }>({
  name: "pad",
  infer: ([x], { axis, before, after }) => ({
    shape: x.shape.with(axis, extentOf("pad", x, axis) + before + after),
  }),
  gradient({ attributes: { axis, before }, inputs: [x] }, dy) {
    return [slice(dy, { axis, start: before, end: before + extentOf("pad", x, axis) })];
  },
  onnx({ inputs: [x], attributes: { axis, before, after } }, onnx) {
    const zeros = x.shape.map(() => 0);
    return onnx.node("Pad", [x, onnx.ints([...zeros.with(axis, before), ...zeros.with(axis, after)])]);
  },
});

function extentOf(where: string, { shape }: Tensor, axis: number): number {
  const [extent] = fixedShape(where, shape.slice(axis, axis + 1));
  if (extent === undefined) throw invalidGraph(where, "axis", `must be one of ${formatShape(shape)}`, axis);
  return extent;
}

/** Concatenates tensors along an axis of fixed sizes; channels unless told otherwise. */
export function concat(inputs: readonly Tensor[], axis = 1): Tensor {
  return concatOp(inputs, { axis });
}

/** `x[start:end]` along an axis; without `end` up to its end, which may be symbolic. */
export function slice(x: Tensor, range: { axis: number; start: number; end?: number }): Tensor {
  return sliceOp([x], range);
}
