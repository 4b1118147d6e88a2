import { LightsegError } from "../../errors.ts";
import { TensorProto_DataType } from "../onnx/onnx_pb.ts";
import { featureMapShape } from "../shape.ts";
import { defineOp, type Tensor } from "../tensor.ts";

const bestClassOp = defineOp<[scores: Tensor], undefined>({
  name: "bestClass",
  infer([scores]) {
    const [n, classes, h, w] = featureMapShape("bestClass", scores.shape);
    if (classes > 256) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "bestClass",
        argument: "scores",
        rule: "must be of 256 classes at most, which a byte tells apart",
        value: classes,
      });
    }
    return { shape: [n, h, w], dtype: "uint8" };
  },
  onnx({ inputs: [scores] }, onnx) {
    const index = onnx.node("ArgMax", [onnx.name(scores)], { axis: 1, keepdims: 0 });
    return onnx.node("Cast", [index], { to: TensorProto_DataType.UINT8 });
  },
});

const confidenceOp = defineOp<[scores: Tensor], undefined>({
  name: "confidence",
  infer([scores]) {
    const [n, , h, w] = featureMapShape("confidence", scores.shape);
    return { shape: [n, h, w] };
  },
  // max softmax = 1 / sum of exp(score - best score)
  onnx({ inputs: [scores] }, onnx) {
    const best = onnx.node("ReduceMax", [onnx.name(scores)], { axes: [1], keepdims: 1 });
    const exponentials = onnx.node("Exp", [onnx.node("Sub", [onnx.name(scores), best])]);
    return onnx.node("Reciprocal", [onnx.node("ReduceSum", [exponentials, onnx.ints([1])], { keepdims: 0 })]);
  },
});

/** The class with the highest score, the first on ties: `[N, C, H, W]` to uint8 `[N, H, W]`. */
export function bestClass(scores: Tensor): Tensor {
  return bestClassOp([scores], undefined);
}

/** The softmax probability of the best class: `[N, C, H, W]` to `[N, H, W]`, in 1/C..1. */
export function confidence(scores: Tensor): Tensor {
  return confidenceOp([scores], undefined);
}
