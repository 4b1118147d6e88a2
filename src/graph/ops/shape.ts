import { LightsegError } from "../../errors.ts";
import {
  broadcastShapes,
  countValues,
  fixedShape,
  formatShape,
  type Shape,
  sameShape,
  shiftDim,
} from "../shape.ts";
import { defineOp, type Tensor } from "../tensor.ts";
import { sumTo } from "./reduction.ts";

const reshapeOp = defineOp<[x: Tensor], { shape: readonly number[] }>({
  name: "reshape",
  infer([x], { shape }) {
    if (countValues(fixedShape("reshape", x.shape)) !== countValues(shape)) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "reshape",
        argument: "shape",
        rule: `must hold as many values as ${formatShape(x.shape)}`,
        value: formatShape(shape),
      });
    }
    return { shape, dtype: x.dtype };
  },
  gradient: ({ inputs: [x] }, dy) => [reshape(dy, x.shape)],
  onnx: ({ inputs: [x], attributes: { shape } }, onnx) => onnx.reshape(onnx.name(x), shape),
});

/** The same values in another shape. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : reshapeOp([x], { shape: fixedShape("reshape", shape) });
}

const broadcastOp = defineOp<[x: Tensor], { shape: Shape }>({
  name: "broadcast",
  infer([x], { shape }) {
    if (!sameShape(broadcastShapes("broadcastTo", x.shape, shape), shape)) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "broadcastTo",
        argument: "shape",
        rule: `must be one that ${formatShape(x.shape)} broadcasts to`,
        value: formatShape(shape),
      });
    }
    return { shape: fixedShape("broadcastTo", shape) };
  },
  gradient: ({ inputs: [x] }, dy) => [sumTo(dy, x.shape)],
  onnx({ inputs: [x], attributes: { shape } }, onnx) {
    return onnx.node("Expand", [onnx.name(x), onnx.ints(fixedShape("broadcastTo", shape))]);
  },
});

/** Repeats `x` along its axes of extent 1. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : broadcastOp([x], { shape });
}

const concatOp = defineOp<readonly Tensor[], { axis: number }>({
  name: "concat",
  infer(inputs, { axis }) {
    const shapes = inputs.map(({ shape }) => shape);
    const [first] = inputs;
    const fits = ({ shape, dtype }: Tensor) =>
      dtype === first?.dtype &&
      axis < shape.length &&
      sameShape(shape.toSpliced(axis, 1), first.shape.toSpliced(axis, 1));
    if (!first || !inputs.every(fits)) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "concat",
        argument: "inputs",
        rule: `must be one or more tensors of one element type that differ on axis ${axis} alone`,
        value: inputs.map(({ shape, dtype }) => `${dtype} ${formatShape(shape)}`).join(" "),
      });
    }
    const extents = fixedShape(
      "concat",
      shapes.map((shape) => shape[axis] ?? 0),
    );
    const total = extents.reduce((sum, extent) => sum + extent, 0);
    return { shape: first.shape.with(axis, total), dtype: first.dtype };
  },
  // Each input gets back its own piece of dy.
  gradient({ inputs, attributes: { axis } }, dy) {
    let start = 0;
    return inputs.map((input) => {
      const end = start + Number(input.shape[axis]);
      const piece = slice(dy, { axis, start, end });
      start = end;
      return piece;
    });
  },
  onnx({ inputs, attributes: { axis } }, onnx) {
    return onnx.node(
      "Concat",
      inputs.map((tensor) => onnx.name(tensor)),
      { axis },
    );
  },
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
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "slice",
        argument: "range",
        rule: `must be a part of axis ${axis} of ${formatShape(x.shape)}`,
        value: `${start} to ${end ?? "the end"}`,
      });
    }
    return { shape: x.shape.with(axis, length), dtype: x.dtype };
  },
  // dy surrounded by zeros.
  gradient({ inputs: [x], attributes: { axis, start }, output }, dy) {
    const after = Number(x.shape[axis]) - start - Number(output.shape[axis]);
    return [padOp([dy], { axis, before: start, after })];
  },
  onnx({ inputs: [x], attributes: { axis, start, end = THE_END } }, onnx) {
    return onnx.slice(onnx.name(x), { axes: [axis], starts: [start], ends: [end] });
  },
});

const padOp = defineOp<[x: Tensor], { axis: number; before: number; after: number }>({
  name: "pad",
  infer: ([x], { axis, before, after }) => ({
    shape: x.shape.with(axis, Number(x.shape[axis]) + before + after),
  }),
  gradient({ attributes: { axis, before }, inputs: [x] }, dy) {
    return [slice(dy, { axis, start: before, end: before + Number(x.shape[axis]) })];
  },
  onnx({ inputs: [x], attributes: { axis, before, after } }, onnx) {
    const zeros = x.shape.map(() => 0);
    return onnx.node("Pad", [
      onnx.name(x),
      onnx.ints([...zeros.with(axis, before), ...zeros.with(axis, after)]),
    ]);
  },
});

/** Puts tensors one after the other along an axis of fixed sizes; channels unless told otherwise. */
export function concat(inputs: readonly Tensor[], axis = 1): Tensor {
  return concatOp(inputs, { axis });
}

/** `x[start:end]` along an axis; to its end, which need not be known, where no `end` is given. */
export function slice(x: Tensor, range: { axis: number; start: number; end?: number }): Tensor {
  return sliceOp([x], range);
}
