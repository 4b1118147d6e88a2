import { invalidGraph } from "../invalid-graph.ts";
import { defineOp } from "../op.ts";
import { formatShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

const topKOp = defineOp<[x: Tensor], { k: number }>({
  name: "topK",
  infer([x], { k }) {
    const extent = x.shape.at(-1);
    if (typeof extent !== "number" || !Number.isInteger(k) || k < 1 || k > extent) {
      const rule = `must be a whole number from 1 to the last extent of ${formatShape(x.shape)}`;
      throw invalidGraph("topK", "k", rule, k);
    }
    return { shape: x.shape.with(-1, k), dtype: "int32" };
  },
  // Piecewise constant: no gradient.
  gradient: () => [undefined],
  onnx({ inputs: [x], attributes: { k } }, onnx) {
    const options = { axis: -1, largest: 1, sorted: 1 };
    const [, indices] = onnx.nodeWithTwoOutputs("TopK", [x, onnx.ints([k])], options);
    return onnx.cast(indices, "int32");
  },
});

/**
 * Indices of the `k` largest values along the last axis, largest first, the first of equal values first:
 * `[..., P]` to int32 `[..., k]`.
 *
 * @throws LightsegError INVALID_GRAPH unless there are k values
 */
export function topK(x: Tensor, k: number): Tensor {
  return topKOp([x], { k });
}
