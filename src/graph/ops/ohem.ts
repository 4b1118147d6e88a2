import { invalidGraph } from "../invalid-graph.ts";
import { defineOp } from "../op.ts";
import { channelsOf, formatShape, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { oneHot } from "./labels.ts";
import { logSoftmax } from "./softmax.ts";

const NO_CLASS = -1;

const hardPixelsOp = defineOp<
  [logProbabilities: Tensor, oneHotTarget: Tensor, target: Tensor],
  { share: number }
>({
  name: "hardPixels",
  infer([logProbabilities, isTarget, target], { share }) {
    if (!sameShape(logProbabilities.shape, isTarget.shape))
      throw invalidGraph(
        "keepHardPixels",
        "target",
        "must be of the scores' size",
        formatShape(target.shape),
      );
    if (!(share > 0 && share <= 1))
      throw invalidGraph("keepHardPixels", "share", "must be above 0 and at most 1", share);
    return { shape: target.shape, dtype: "int32" };
  },
  // Piecewise constant: no gradient.
  gradient: () => [undefined, undefined, undefined],
  onnx({ inputs: [logProbabilities, isTarget, target], attributes: { share } }, onnx) {
    // log p of the true class; 0 at ignored pixels, which makes them the easiest.
    const { shape } = isTarget;
    const likelihood = onnx.sum(onnx.node("Mul", [logProbabilities, isTarget]), { axes: [1], shape });
    const labelled = onnx.sum(isTarget, { axes: [0, 1, 2, 3], shape });
    const count = onnx.node("Ceil", [onnx.node("Mul", [labelled, onnx.float(share)])]);
    const k = onnx.cast(onnx.node("Max", [count, onnx.float(1)]), "int64");
    const [lowest] = onnx.nodeWithTwoOutputs("TopK", [onnx.reshape(likelihood, [-1]), onnx.reshape(k, [1])], {
      axis: -1,
      largest: 0,
      sorted: 0,
    });
    const threshold = onnx.node("ReduceMax", [lowest], { keepdims: 0 });
    const isHard = onnx.node("LessOrEqual", [likelihood, threshold]);
    return onnx.node("Where", [isHard, target, onnx.int32s([NO_CLASS], [])]);
  },
});

/**
 * Online hard example mining (OHEM, Shrivastava et al. 2016) over pixels: the target with only the pixels
 * whose true class has the lowest probability.
 *
 * @param scores logits `[N, C, H, W]`
 * @param target int32 `[N, H, W]`, a class or no class
 * @param share of the labelled pixels of the batch that stay, above 0 and up to 1; on ties more stay
 * @returns int32 `[N, H, W]`; pixels left out are -1, which the loss ignores
 */
export function keepHardPixels(scores: Tensor, target: Tensor, { share }: { share: number }): Tensor {
  const classes = channelsOf("keepHardPixels", scores);
  return hardPixelsOp([logSoftmax(scores), oneHot(target, classes), target], { share });
}
