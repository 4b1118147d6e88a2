import { convolutionOp } from "../ops/convolution.ts";
import { add } from "../ops/elementwise.ts";
import { matmul } from "../ops/matmul.ts";
import { reshape } from "../ops/reduction.ts";
import type { ConvolutionAttributes } from "../ops/window.ts";
import { countValues, fixedShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { countReaders, rewriteGraph } from "./rewrite.ts";

/**
 * Merges a convolution and the 1x1 convolution that alone reads it, with nothing between, where the merged
 * one needs fewer multiply-accumulates. Exact, at borders too: a 1x1 convolution has none.
 *
 *   V (W * x + b) + c  =  (V W) * x + (V b + c)
 *
 * V is a matrix `[O, M]`, W kernels `[M, I, kH, kW]`, seen as a matrix `[M, I kH kW]`. For each place of the
 * result that is M I kH kW + O M multiply-accumulates before, O I kH kW after.
 */
export function mergeConvolutions(outputs: readonly Tensor[]): (tensor: Tensor) => Tensor {
  const readers = countReaders(outputs);
  return rewriteGraph(outputs, (tensor, original) => {
    if (!convolutionOp.made(tensor) || readers(original.inputs[0]) !== 1) return tensor;
    const [between, mix, mixBias] = tensor.inputs;
    if (!between || !mix || !isPointwise(mix, tensor.attributes)) return tensor;
    if (!convolutionOp.made(between) || between.attributes.groups !== 1) return tensor;
    const [x, kernels, bias] = between.inputs;
    if (!x || !kernels) return tensor;

    const [wide = 0, ...kernel] = fixedShape("mergeConvolutions", kernels.shape);
    const [channels = 0] = fixedShape("mergeConvolutions", mix.shape);
    const perPlace = countValues(kernel);
    if (channels * perPlace >= wide * perPlace + channels * wide) return tensor;

    const matrix = reshape(mix, [channels, wide]);
    const merged = reshape(matmul(matrix, reshape(kernels, [wide, perPlace])), [channels, ...kernel]);
    const mixed = bias && reshape(matmul(matrix, reshape(bias, [wide, 1])), [channels]);
    const offset = mixed && mixBias ? add(mixed, mixBias) : (mixed ?? mixBias);
    return convolutionOp(offset ? [x, merged, offset] : [x, merged], between.attributes);
  });
}

/** A 1x1 convolution of every place, over all channels at once. */
export function isPointwise(weight: Tensor, { stride, padding, groups }: ConvolutionAttributes): boolean {
  const [, , height, width] = weight.shape;
  const isOne = [height, width, ...stride, groups].every((extent) => extent === 1);
  return isOne && padding.every((zeros) => zeros === 0);
}
