import { invalidGraph } from "../invalid-graph.ts";
import { defineOp, type Op } from "../op.ts";
import { formatShape, formatType, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

const dropoutOp: Op<[x: Tensor, kept: Tensor], { rate: number }> = defineOp({
  name: "dropout",
  infer([x, kept], { rate }) {
    if (kept.dtype !== "uint8" || !sameShape(x.shape, kept.shape) || !(rate >= 0 && rate < 1)) {
      const rule = `must be uint8 ${formatShape(x.shape)}, with a rate from 0 to below 1`;
      throw invalidGraph("dropout", "kept", rule, `${formatType(kept)}, rate ${rate}`);
    }
    return { shape: x.shape };
  },
  // y = kept x / (1 - rate) is linear in x: dx = kept dy / (1 - rate).
  gradient: ({ inputs: [, kept], attributes }, dy) => [dropoutOp([dy, kept], attributes), undefined],
  onnx({ inputs: [x, kept], attributes: { rate } }, onnx) {
    const factor = onnx.node("Mul", [onnx.cast(kept, "float32"), onnx.float(1 / (1 - rate))]);
    return onnx.node("Mul", [x, factor]);
  },
});

/**
 * Dropout (Srivastava et al. 2014): `kept x / (1 - rate)`.
 *
 * The mask is an input of the graph, so that a seed decides it, on any engine.
 *
 * @param kept uint8 of the shape of `x`: 1 for values that stay, 0 for others
 * @param rate share of the values that are dropped, 0 to below 1
 */
export function dropout(x: Tensor, kept: Tensor, { rate }: { rate: number }): Tensor {
  return dropoutOp([x, kept], { rate });
}
