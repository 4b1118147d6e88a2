import { countValues, fixedShape, type Shape, sameShape } from "../shape.ts";
import { defineOp, scalar, type Tensor } from "../tensor.ts";
import { multiply } from "./elementwise.ts";
import { broadcastTo, reshape } from "./shape.ts";

const reduceSum = defineOp<[x: Tensor], { axes: readonly number[]; keepDims: boolean }>({
  name: "sum",
  infer([x], { axes, keepDims }) {
    const kept = (_: unknown, axis: number) => keepDims || !axes.includes(axis);
    return { shape: x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)).filter(kept) };
  },
  // y = sum of x: every summand has derivative dy.
  gradient({ inputs: [x], attributes: { axes } }, dy) {
    const kept = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
    return [broadcastTo(reshape(dy, kept), x.shape)];
  },
  onnx({ inputs: [x], attributes: { axes, keepDims } }, onnx) {
    return onnx.node("ReduceSum", [onnx.name(x), onnx.ints(axes)], { keepdims: keepDims ? 1 : 0 });
  },
});

/** Sum over axes. The axes are dropped unless `keepDims`. */
export function sum(x: Tensor, axes: readonly number[], { keepDims = false } = {}): Tensor {
  return reduceSum([x], { axes, keepDims });
}

/** Mean over axes, which must have fixed sizes. */
export function mean(x: Tensor, axes: readonly number[], options: { keepDims?: boolean } = {}): Tensor {
  const extents = fixedShape(
    "mean",
    axes.map((axis) => x.shape[axis] ?? 1),
  );
  return multiply(sum(x, axes, options), scalar(1 / countValues(extents)));
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
