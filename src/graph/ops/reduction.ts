// Reshaping, broadcasting and summing are each other's gradients, so they share a file.

import { broadcastValues } from "../broadcast-values.ts";
import { invalidGraph } from "../invalid-graph.ts";
import { defineOp } from "../op.ts";
import { broadcastShapes, countValues, fixedShape, formatShape, type Shape, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

const reshapeOp = defineOp<[x: Tensor], { shape: readonly number[] }>({
  name: "reshape",
  infer([x], { shape }) {
    if (countValues(fixedShape("reshape", x.shape)) !== countValues(shape)) {
      const rule = `must hold as many values as ${formatShape(x.shape)}`;
      throw invalidGraph("reshape", "shape", rule, formatShape(shape));
    }
    return { shape, dtype: x.dtype };
  },
  gradient: ({ inputs: [x] }, dy) => [reshape(dy, x.shape)],
  onnx: ({ inputs: [x], attributes: { shape } }, onnx) => onnx.reshape(x, shape),
  evaluate: ([{ data }]) => data,
});

/** The same values in another shape. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : reshapeOp([x], { shape: fixedShape("reshape", shape) });
}

const broadcastOp = defineOp<[x: Tensor], { shape: readonly number[] }>({
  name: "broadcast",
  infer([x], { shape }) {
    if (!sameShape(broadcastShapes("broadcastTo", x.shape, shape), shape)) {
      const rule = `must be one that ${formatShape(x.shape)} broadcasts to`;
      throw invalidGraph("broadcastTo", "shape", rule, formatShape(shape));
    }
    return { shape, dtype: x.dtype };
  },
  gradient: ({ inputs: [x] }, dy) => [sumTo(dy, x.shape)],
  onnx: ({ inputs: [x], attributes: { shape } }, onnx) => onnx.node("Expand", [x, onnx.ints(shape)]),
  evaluate: ([x], { attributes: { shape } }) => broadcastValues(x, x, shape, (value) => value),
});

/** Repeats `x` along its axes of extent 1. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : broadcastOp([x], { shape: fixedShape("broadcastTo", shape) });
}

export interface ReductionAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

const sumOp = defineOp<[x: Tensor], ReductionAttributes>({
  name: "sum",
  infer: ([x], attributes) => ({ shape: reducedShape("sum", x.shape, attributes) }),
  // y = sum of x: every summand has derivative dy.
  gradient: ({ inputs: [x], attributes: { axes } }, dy) => [repeat(dy, x.shape, axes)],
  onnx({ inputs: [x], attributes: { axes, keepDims } }, onnx) {
    return onnx.sum(x, { axes, shape: x.shape, keepDims });
  },
});

/** The shape that is left when axes are reduced. @throws LightsegError INVALID_GRAPH for axes it lacks */
export function reducedShape(op: string, shape: Shape, { axes, keepDims }: ReductionAttributes): Shape {
  if (!axes.every((axis) => axis in shape))
    throw invalidGraph(op, "axes", "must be of the axes, from 0", axes);
  return withOnes(shape, axes).filter((_, axis) => keepDims || !axes.includes(axis));
}

/** Repeats a reduced tensor along the axes that were reduced. */
export function repeat(x: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return broadcastTo(reshape(x, withOnes(shape, axes)), shape);
}

function withOnes(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
}

/** Sum over axes, each from 0. The axes are dropped unless `keepDims`. */
export function sum(x: Tensor, axes: readonly number[], { keepDims = false } = {}): Tensor {
  // No axes would mean all of them to ONNX.
  return axes.length === 0 ? x : sumOp([x], { axes, keepDims });
}

/** Sum over everything but the channels: `[N, C, H, W]` to `[C]`. */
export function channelSum(x: Tensor): Tensor {
  return sum(x, [0, 2, 3]);
}

/** Sums `x` down to a shape that broadcasts to the shape of `x`: the gradient of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((dim, axis) => {
    const target = axis < lead ? 1 : shape[axis - lead];
    return axis < lead || (target === 1 && dim !== 1) ? [axis] : [];
  });
  return reshape(sum(x, axes, { keepDims: true }), shape);
}
