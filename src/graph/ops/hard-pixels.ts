import { TensorProto_DataType } from "../onnx/onnx_pb.ts";
import { featureMapShape } from "../shape.ts";
import { defineOp, type Tensor } from "../tensor.ts";
import { oneHot } from "./labels.ts";
import { logSoftmax } from "./loss.ts";

const NO_CLASS = -1;

const hardPixelsOp = defineOp<
  [logProbabilities: Tensor, oneHotTarget: Tensor, target: Tensor],
  { share: number }
>({
  name: "hardPixels",
  infer: ([, , target]) => ({ shape: target.shape, dtype: "int32" }),
  // Labels move in jumps: there is no derivative.
  gradient: () => [undefined, undefined, undefined],
  onnx({ inputs: [logProbabilities, isTarget, target], attributes: { share }, output }, onnx) {
    // log p of the true class: 0 at ignored pixels, which makes them the easiest of all.
    const likelihood = onnx.node(
      "ReduceSum",
      [onnx.node("Mul", [onnx.name(logProbabilities), onnx.name(isTarget)]), onnx.ints([1])],
      { keepdims: 0 },
    );
    const labelled = onnx.node("ReduceSum", [onnx.name(isTarget)], { keepdims: 0 });
    const count = onnx.node("Ceil", [onnx.node("Mul", [labelled, onnx.float(share)])]);
    const k = onnx.node("Cast", [onnx.node("Max", [count, onnx.float(1)])], {
      to: TensorProto_DataType.INT64,
    });
    const names = [`%hardPixels${output.id}:values`, `%hardPixels${output.id}:places`] as const;
    const flat = onnx.reshape(likelihood, [-1]);
    onnx.nodeWithOutputs("TopK", [flat, onnx.reshape(k, [1])], names, { axis: -1, largest: 0, sorted: 0 });
    const threshold = onnx.node("ReduceMax", [names[0]], { keepdims: 0 });
    const isHard = onnx.node("LessOrEqual", [likelihood, threshold]);
    return onnx.node("Where", [isHard, onnx.name(target), onnx.int32s([NO_CLASS], [])]);
  },
});

/**
 * The target with only its hardest pixels left, those whose true class has the lowest probability (Shrivastava et al. 2016, over pixels).
 *
 * @param scores `[N, C, H, W]`
 * @param target int32 `[N, H, W]`, a class or no class
 * @param share of the labelled pixels of the batch that stay, above 0 and up to 1; more where several are equally hard
 * @returns int32 `[N, H, W]`; what is left out is -1, which the loss ignores
 */
export function keepHardPixels(scores: Tensor, target: Tensor, { share }: { share: number }): Tensor {
  const [, classes] = featureMapShape("keepHardPixels", scores.shape);
  return hardPixelsOp([logSoftmax(scores), oneHot(target, classes), target], {
    share,
  });
}
