import { convolutionOp } from "../ops/convolution.ts";
import { add, divide, multiply, squareRoot, subtract } from "../ops/elementwise.ts";
import { batchNormOp } from "../ops/normalization.ts";
import { reshape } from "../ops/reduction.ts";
import { scalar, type Tensor } from "../tensor.ts";
import { rewriteGraph } from "./rewrite.ts";

/**
 * Folds batch norm with stored statistics into the convolution before it. Exact:
 *
 *   gamma (w * x - mean) / s + beta  =  (w gamma / s) * x + (beta - mean gamma / s)
 *   s = sqrt(variance + epsilon)
 *
 * The new weight stays an expression of the parameters. At inference it is folded to a constant. In training
 * with frozen batch norm the gradient goes through it to w, gamma and beta, which saves six passes over the
 * feature maps.
 */
export function foldBatchNorm(outputs: readonly Tensor[]): (tensor: Tensor) => Tensor {
  return rewriteGraph(outputs, (tensor) => {
    if (!batchNormOp.made(tensor) || tensor.attributes.statistics !== "stored") return tensor;
    const [x, gamma, beta, mean, variance] = tensor.inputs;
    if (!x || !gamma || !beta || !mean || !variance || !convolutionOp.made(x)) return tensor;
    const [image, weight, bias] = x.inputs;
    if (!image || !weight) return tensor;

    const factor = divide(gamma, squareRoot(add(variance, scalar(tensor.attributes.epsilon))));
    const foldedWeight = multiply(weight, reshape(factor, [...factor.shape, 1, 1, 1]));
    const offset = bias ? subtract(mean, bias) : mean;
    const foldedBias = subtract(beta, multiply(offset, factor));
    return convolutionOp([image, foldedWeight, foldedBias], x.attributes);
  });
}
