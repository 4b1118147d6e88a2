import { canScatter, convolutionOp } from "../ops/convolution.ts";
import { countValues, fixedShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { rewriteGraph } from "./rewrite.ts";

/**
 * Asks for convolutions with fewer channels out than in, classifiers that is, in their transposed form.
 *
 * Engines that convolve by matrix products, as WebAssembly's does, first copy every value of x to each of the k^2 places of the kernel
 * that it meets: I k^2 values a place. The transposed form multiplies x as it is and adds the products up where they belong: O k^2
 * values a place. For the 3x3 classifier of 21 classes on 256 channels 0.8 to 0.95 of the time.
 */
export function scatterNarrow(outputs: readonly Tensor[]): (tensor: Tensor) => Tensor {
  return rewriteGraph(outputs, (tensor) => {
    const [x, weight, bias] = tensor.inputs;
    if (!convolutionOp.made(tensor) || !x || !weight) return tensor;
    const [outer = 0, inner = 0, ...kernel] = fixedShape("scatterNarrow", weight.shape);
    if (outer >= inner || countValues(kernel) === 1 || !canScatter(weight, tensor.attributes)) return tensor;
    return convolutionOp(bias ? [x, weight, bias] : [x, weight], { ...tensor.attributes, form: "scatter" });
  });
}
