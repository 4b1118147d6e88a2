import { defineOp } from "../op.ts";
import { countValues, fixedShape } from "../shape.ts";
import { scalar, type Tensor } from "../tensor.ts";
import { multiply } from "./elementwise.ts";
import { type ReductionAttributes, reducedShape, repeat } from "./reduction.ts";

const meanOp = defineOp<[x: Tensor], ReductionAttributes>({
  name: "mean",
  infer: ([x], attributes) => ({ shape: reducedShape("mean", x.shape, attributes) }),
  // y = sum of x / M: every one of the M summands has derivative dy / M.
  gradient({ inputs: [x], attributes: { axes } }, dy) {
    const reduced = x.shape.filter((_, axis) => axes.includes(axis));
    const share = scalar(1 / countValues(fixedShape("mean", reduced)));
    return [repeat(multiply(dy, share), x.shape, axes)];
  },
  onnx({ inputs: [x], attributes: { axes, keepDims } }, onnx) {
    return onnx.node("ReduceMean", [x], { axes, keepdims: keepDims ? 1 : 0 });
  },
});

/** Mean over axes, each from 0; its gradient needs their sizes. The axes are dropped unless `keepDims`. */
export function mean(x: Tensor, axes: readonly number[], { keepDims = false } = {}): Tensor {
  return axes.length === 0 ? x : meanOp([x], { axes, keepDims });
}
