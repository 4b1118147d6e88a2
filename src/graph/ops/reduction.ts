import { countValues, fixedShape, type Shape, sameShape } from "../shape.ts";
import { defineOp, scalar, type Tensor } from "../tensor.ts";
import { multiply } from "./elementwise.ts";
import { broadcastTo, reshape } from "./shape.ts";

interface ReductionAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

const reduceSum = defineOp<[x: Tensor], ReductionAttributes>({
  name: "sum",
  infer: ([x], attributes) => ({ shape: reducedShape(x.shape, attributes) }),
  // y = sum of x: every summand has derivative dy.
  gradient: ({ inputs: [x], attributes: { axes } }, dy) => [spread(dy, x.shape, axes)],
  onnx({ inputs: [x], attributes: { axes, keepDims } }, onnx) {
    return onnx.node("ReduceSum", [onnx.name(x), onnx.ints(axes)], { keepdims: keepDims ? 1 : 0 });
  },
});

const reduceMean = defineOp<[x: Tensor], ReductionAttributes>({
  name: "mean",
  infer: ([x], attributes) => ({ shape: reducedShape(x.shape, attributes) }),
  // y = sum of x / M: every one of the M summands has derivative dy / M.
  gradient({ inputs: [x], attributes: { axes } }, dy) {
    const extents = fixedShape(
      "mean",
      axes.map((axis) => x.shape[axis] ?? 1),
    );
    return [spread(multiply(dy, scalar(1 / countValues(extents))), x.shape, axes)];
  },
  onnx({ inputs: [x], attributes: { axes, keepDims } }, onnx) {
    return onnx.node("ReduceMean", [onnx.name(x)], { axes, keepdims: keepDims ? 1 : 0 });
  },
});

function reducedShape(shape: Shape, { axes, keepDims }: ReductionAttributes): Shape {
  return withOnes(shape, axes).filter((_, axis) => keepDims || !axes.includes(axis));
}

/** Repeats a reduced `dy` along the axes that were reduced. */
function spread(dy: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return broadcastTo(reshape(dy, withOnes(shape, axes)), shape);
}

function withOnes(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
}

/** Sum over axes. The axes are dropped unless `keepDims`. */
export function sum(x: Tensor, axes: readonly number[], { keepDims = false } = {}): Tensor {
  return reduceSum([x], { axes, keepDims });
}

/** Mean over axes; its gradient needs their sizes. The axes are dropped unless `keepDims`. */
export function mean(x: Tensor, axes: readonly number[], { keepDims = false } = {}): Tensor {
  return reduceMean([x], { axes, keepDims });
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
