import { invalidGraph } from "../invalid-graph.ts";
import type { OnnxWriter } from "../onnx/writer.ts";
import { defineOp } from "../op.ts";
import { channelsOf, featureMapShape, formatShape, formatType, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { writeOneHot } from "./labels.ts";
import { logSoftmax } from "./softmax.ts";

interface LikelihoodAttributes {
  /** Weight of each class, `[C]` values. */
  readonly classWeights: readonly number[];
}

/** Of `[N, C, H, W]`. */
const EVERYTHING = [0, 1, 2, 3];

/**
 * `-sum over pixels of w[target] logp[target] / sum over pixels of w[target]`; pixels whose target is no
 * class count in neither.
 */
const negativeLogLikelihoodOp = defineOp<[logProbabilities: Tensor, target: Tensor], LikelihoodAttributes>({
  name: "negativeLogLikelihood",
  infer([logProbabilities, target], { classWeights }) {
    const [n, c, h, w] = featureMapShape("softmaxCrossEntropy", logProbabilities.shape);
    if (target.dtype !== "int32" || !sameShape(target.shape, [n, h, w])) {
      const rule = `must be int32 ${formatShape([n, h, w])}`;
      throw invalidGraph("softmaxCrossEntropy", "target", rule, formatType(target));
    }
    if (classWeights.length !== c) {
      const rule = `must hold one number for each of the ${c} classes`;
      throw invalidGraph("softmaxCrossEntropy", "classWeights", rule, classWeights);
    }
    return { shape: [] };
  },
  // dlogp[c] = -dy w[c] [target = c] / sum of w[target]
  gradient({ inputs: [, target], attributes }, dy) {
    return [negativeLogLikelihoodGradientOp([target, dy], attributes), undefined];
  },
  onnx({ inputs: [logProbabilities, target], attributes: { classWeights } }, onnx) {
    const weights = weightOfTarget(onnx, target, classWeights);
    const sum = onnx.sum(onnx.node("Mul", [weights, logProbabilities]), {
      axes: EVERYTHING,
      shape: logProbabilities.shape,
    });
    return onnx.node("Neg", [onnx.node("Div", [sum, totalWeight(onnx, weights, logProbabilities)])]);
  },
});

const negativeLogLikelihoodGradientOp = defineOp<[target: Tensor, dy: Tensor], LikelihoodAttributes>({
  name: "negativeLogLikelihoodGradient",
  infer([target], { classWeights }) {
    const [n = 1, h = 1, w = 1] = target.shape;
    return { shape: [n, classWeights.length, h, w] };
  },
  onnx({ inputs: [target, dy], attributes: { classWeights }, output }, onnx) {
    const weights = weightOfTarget(onnx, target, classWeights);
    const factor = onnx.node("Neg", [onnx.node("Div", [dy, totalWeight(onnx, weights, output)])]);
    return onnx.node("Mul", [weights, factor]);
  },
});

/** `[N, C, H, W]`: the class's weight at the pixel's target class, 0 elsewhere and at ignored pixels. */
function weightOfTarget(onnx: OnnxWriter, target: Tensor, classWeights: readonly number[]): string {
  const oneHot = writeOneHot(onnx, target, classWeights.length);
  if (classWeights.every((weight) => weight === 1)) return oneHot;
  return onnx.node("Mul", [oneHot, onnx.floats(classWeights, [1, classWeights.length, 1, 1])]);
}

/** At least a tiny number, so that a batch of ignored pixels alone has loss 0 and not NaN. */
function totalWeight(onnx: OnnxWriter, weights: string, { shape }: Tensor): string {
  return onnx.node("Max", [onnx.sum(weights, { axes: EVERYTHING, shape }), onnx.float(1e-12)]);
}

/**
 * Softmax cross-entropy, averaged over the pixels that have a class.
 *
 * @param scores logits `[N, C, H, W]`
 * @param target int32 `[N, H, W]`; any value outside `0..C-1` (255 by custom) is ignored
 * @param classWeights one for each class, 1 by default; the mean is then weighted, as in PyTorch
 * @returns a scalar; 0 if every pixel is ignored
 */
export function softmaxCrossEntropy(
  scores: Tensor,
  target: Tensor,
  { classWeights }: { classWeights?: readonly number[] } = {},
): Tensor {
  const classes = channelsOf("softmaxCrossEntropy", scores);
  return negativeLogLikelihoodOp([logSoftmax(scores), target], {
    classWeights: classWeights ?? new Array<number>(classes).fill(1),
  });
}
