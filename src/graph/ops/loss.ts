import { LightsegError } from "../../errors.ts";
import type { OnnxBuilder } from "../onnx/builder.ts";
import { TensorProto_DataType } from "../onnx/onnx_pb.ts";
import { featureMapShape, formatShape, sameShape } from "../shape.ts";
import { defineOp, type Tensor } from "../tensor.ts";

const logSoftmaxOp = defineOp<[x: Tensor], undefined>({
  name: "logSoftmax",
  infer: ([x]) => ({ shape: featureMapShape("logSoftmax", x.shape) }),
  // y[c] = x[c] - log sum exp x:  dx[c] = dy[c] - softmax(x)[c] sum of dy over the classes.
  gradient: ({ output }, dy) => [logSoftmaxGradientOp([output, dy], undefined)],
  // Spelled out: ONNX Runtime's own Softmax over an inner axis is an order of magnitude slower.
  onnx({ inputs: [x] }, onnx) {
    const shifted = onnx.node("Sub", [
      onnx.name(x),
      onnx.node("ReduceMax", [onnx.name(x)], { axes: [1], keepdims: 1 }),
    ]);
    const total = onnx.node("ReduceSum", [onnx.node("Exp", [shifted]), onnx.ints([1])], { keepdims: 1 });
    return onnx.node("Sub", [shifted, onnx.node("Log", [total])]);
  },
});

const logSoftmaxGradientOp = defineOp<[y: Tensor, dy: Tensor], undefined>({
  name: "logSoftmaxGradient",
  infer: ([y]) => ({ shape: y.shape }),
  onnx({ inputs: [y, dy] }, onnx) {
    const total = onnx.node("ReduceSum", [onnx.name(dy), onnx.ints([1])], { keepdims: 1 });
    return onnx.node("Sub", [onnx.name(dy), onnx.node("Mul", [onnx.node("Exp", [onnx.name(y)]), total])]);
  },
});

interface LikelihoodAttributes {
  /** Weight of each class, `[C]` values. */
  readonly classWeights: readonly number[];
}

/** `-sum over pixels of w[target] logp[target] / sum over pixels of w[target]`; pixels whose target is no class count in neither. */
const negativeLogLikelihoodOp = defineOp<[logProbabilities: Tensor, target: Tensor], LikelihoodAttributes>({
  name: "negativeLogLikelihood",
  infer([logProbabilities, target], { classWeights }) {
    const [n, c, h, w] = featureMapShape("softmaxCrossEntropy", logProbabilities.shape);
    if (target.dtype !== "int32" || !sameShape(target.shape, [n, h, w])) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "softmaxCrossEntropy",
        argument: "target",
        rule: `must be int32 ${formatShape([n, h, w])}`,
        value: `${target.dtype} ${formatShape(target.shape)}`,
      });
    }
    if (classWeights.length !== c) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "softmaxCrossEntropy",
        argument: "classWeights",
        rule: `must hold one number for each of the ${c} classes`,
        value: classWeights,
      });
    }
    return { shape: [] };
  },
  // dlogp[c] = -dy w[c] [target = c] / sum of w[target]
  gradient({ inputs: [, target], attributes }, dy) {
    return [negativeLogLikelihoodGradientOp([target, dy], attributes), undefined];
  },
  onnx({ inputs: [logProbabilities, target], attributes: { classWeights } }, onnx) {
    const weights = weightOfTarget(onnx, target, classWeights);
    const sum = onnx.node("ReduceSum", [onnx.node("Mul", [weights, onnx.name(logProbabilities)])], {
      keepdims: 0,
    });
    return onnx.node("Neg", [onnx.node("Div", [sum, totalWeight(onnx, weights)])]);
  },
});

const negativeLogLikelihoodGradientOp = defineOp<[target: Tensor, dy: Tensor], LikelihoodAttributes>({
  name: "negativeLogLikelihoodGradient",
  infer([target], { classWeights }) {
    const [n = 1, h = 1, w = 1] = target.shape;
    return { shape: [n, classWeights.length, h, w] };
  },
  onnx({ inputs: [target, dy], attributes: { classWeights } }, onnx) {
    const weights = weightOfTarget(onnx, target, classWeights);
    const factor = onnx.node("Neg", [onnx.node("Div", [onnx.name(dy), totalWeight(onnx, weights)])]);
    return onnx.node("Mul", [weights, factor]);
  },
});

/** `[N, C, H, W]`: the class's weight at the pixel's target class, 0 elsewhere and at ignored pixels. */
function weightOfTarget(onnx: OnnxBuilder, target: Tensor, classWeights: readonly number[]): string {
  const classes = onnx.int32s(
    classWeights.map((_, index) => index),
    [1, classWeights.length, 1, 1],
  );
  const isTarget = onnx.node("Equal", [onnx.node("Unsqueeze", [onnx.name(target), onnx.ints([1])]), classes]);
  const oneHot = onnx.node("Cast", [isTarget], { to: TensorProto_DataType.FLOAT });
  if (classWeights.every((weight) => weight === 1)) return oneHot;
  return onnx.node("Mul", [oneHot, onnx.floats(classWeights, [1, classWeights.length, 1, 1])]);
}

/** At least a tiny number, so that a batch of ignored pixels alone has loss 0 and not NaN. */
function totalWeight(onnx: OnnxBuilder, weights: string): string {
  return onnx.node("Max", [onnx.node("ReduceSum", [weights], { keepdims: 0 }), onnx.float(1e-12)]);
}

/** `log softmax` over the classes of `[N, C, H, W]`. */
export function logSoftmax(scores: Tensor): Tensor {
  return logSoftmaxOp([scores], undefined);
}

/**
 * Softmax cross-entropy, averaged over the pixels that have a class.
 *
 * @param scores `[N, C, H, W]`
 * @param target int32 `[N, H, W]`; any value outside `0..C-1` (255 by custom) is ignored
 * @param classWeights one for each class, 1 by default; the mean is then weighted, as in PyTorch
 * @returns a scalar; 0 if every pixel is ignored
 */
export function softmaxCrossEntropy(
  scores: Tensor,
  target: Tensor,
  { classWeights }: { classWeights?: readonly number[] } = {},
): Tensor {
  const [, classes] = featureMapShape("softmaxCrossEntropy", scores.shape);
  const logProbabilities = logSoftmax(scores);
  return negativeLogLikelihoodOp([logProbabilities, target], {
    classWeights: classWeights ?? new Array<number>(classes).fill(1),
  });
}
