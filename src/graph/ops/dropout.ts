import { LightsegError } from "../../errors.ts";
import { TensorProto_DataType } from "../onnx/onnx_pb.ts";
import { formatShape, sameShape } from "../shape.ts";
import { defineOp, type Op, type Tensor } from "../tensor.ts";

const dropoutOp: Op<[x: Tensor, kept: Tensor], { rate: number }> = defineOp({
  name: "dropout",
  infer([x, kept], { rate }) {
    if (kept.dtype !== "uint8" || !sameShape(x.shape, kept.shape) || !(rate >= 0 && rate < 1)) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "dropout",
        argument: "kept",
        rule: `must be uint8 ${formatShape(x.shape)}, with a rate from 0 to below 1`,
        value: `${kept.dtype} ${formatShape(kept.shape)}, rate ${rate}`,
      });
    }
    return { shape: x.shape };
  },
  // y = kept x / (1 - rate) is linear in x: dx = kept dy / (1 - rate).
  gradient: ({ inputs: [, kept], attributes }, dy) => [dropoutOp([dy, kept], attributes), undefined],
  onnx({ inputs: [x, kept], attributes: { rate } }, onnx) {
    const mask = onnx.node("Cast", [onnx.name(kept)], { to: TensorProto_DataType.FLOAT });
    const factor = onnx.node("Mul", [mask, onnx.float(1 / (1 - rate))]);
    return onnx.node("Mul", [onnx.name(x), factor]);
  },
});

/**
 * Sets values to 0 at random in training and enlarges the others, so that the mean stays (Srivastava et al. 2014).
 *
 * Which values stay is an input of the graph, so that a seed decides it, on any engine.
 *
 * @param kept uint8 of the shape of `x`: 1 for values that stay, 0 for others
 * @param rate share of the values that are dropped, 0 to below 1
 */
export function dropout(x: Tensor, kept: Tensor, { rate }: { rate: number }): Tensor {
  return dropoutOp([x, kept], { rate });
}
