import { convolutionOp } from "../ops/convolution.ts";
import { add } from "../ops/elementwise.ts";
import { matmul } from "../ops/matmul.ts";
import { broadcastTo, reshape } from "../ops/reduction.ts";
import { countValues, fixedShape, sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { isPointwise } from "./merge-convolutions.ts";
import { countReaders, rewriteGraph } from "./rewrite.ts";

/**
 * Moves a convolution across the sum before it, where that makes one of two convolutions cheaper: the last
 * stage of chained residual pooling and the classifier after it. Exact, at borders too, since W maps zeros to
 * zeros:
 *
 *   K * (a + W b) + c  =  (K * a + c) + (K W) * b
 *
 * K are kernels `[O, M, kH, kW]`, W is a matrix `[M, I]`, and K W is their product at each tap, `[O, I, kH,
 * kW]`. For each place that is I O kH kW multiply-accumulates in place of the I M of W.
 */
export function distributeConvolutions(outputs: readonly Tensor[]): (tensor: Tensor) => Tensor {
  const readers = countReaders(outputs);
  return rewriteGraph(outputs, (tensor, original) => {
    const [sum, kernels, bias] = tensor.inputs;
    if (!convolutionOp.made(tensor) || tensor.attributes.groups !== 1) return tensor;
    if (!sum || !add.made(sum) || !kernels || readers(original.inputs[0]) !== 1) return tensor;
    // A term that the sum repeats has no borders of its own to pad.
    if (!sum.inputs.every((term) => sameShape(term.shape, sum.shape))) return tensor;
    const [channels = 0, , ...taps] = fixedShape("distributeConvolutions", kernels.shape);
    for (const [index, mixed] of sum.inputs.entries()) {
      const [b, matrix, biasOfTerm] = mixed.inputs;
      const rest = sum.inputs[1 - index];
      if (!convolutionOp.made(mixed) || !b || !matrix || biasOfTerm || !rest) continue;
      if (!isPointwise(matrix, mixed.attributes) || readers(original.inputs[0]?.inputs[index]) !== 1)
        continue;
      const [wide = 0, inner = 0] = fixedShape("distributeConvolutions", matrix.shape);
      if (channels * countValues(taps) >= wide) continue;

      const products = multiplyAtTaps(kernels, reshape(matrix, [wide, inner]));
      const product = reshape(products, [channels, inner, ...taps]);
      const ofRest = convolutionOp(bias ? [rest, kernels, bias] : [rest, kernels], tensor.attributes);
      return add(ofRest, convolutionOp([b, product], tensor.attributes));
    }
    return tensor;
  });
}

/** K W at each tap: `[O, I, T]` of kernels `[O, M, kH, kW]` with T = kH kW taps and a matrix `[M, I]`. */
function multiplyAtTaps(kernels: Tensor, matrix: Tensor): Tensor {
  const [channels = 0, wide = 0, ...taps] = fixedShape("distributeConvolutions", kernels.shape);
  const [, inner = 0] = fixedShape("distributeConvolutions", matrix.shape);
  const places = countValues(taps);
  // One product for all channels: copies of the matrix would take O times its memory.
  if (places === 1) return matmul(reshape(kernels, [channels, wide]), matrix);
  const matrices = broadcastTo(reshape(matrix, [1, wide, inner]), [channels, wide, inner]);
  return matmul(matrices, reshape(kernels, [channels, wide, places]), { transposeA: true });
}
