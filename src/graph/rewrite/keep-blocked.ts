import { relu6Op } from "../ops/activation.ts";
import { convolution, convolutionOp } from "../ops/convolution.ts";
import { featureMapShape } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { rewriteGraph } from "./rewrite.ts";

/**
 * Keeps feature maps in the layout in which ONNX Runtime convolves on CPUs, blocks of channels side by side.
 *
 * ReLU6 takes part in that layout only as the end of a convolution. Of a sum it gives a plain map, and all sums with that map are plain
 * too: everything that convolutions add to it is reordered first. So a convolution of each channel by 1, which changes no value, is
 * put in between; it costs one multiplication a value.
 */
export function keepBlocked(outputs: readonly Tensor[]): (tensor: Tensor) => Tensor {
  return rewriteGraph(outputs, (tensor) => {
    const [x] = tensor.inputs;
    if (!x || !relu6Op.made(tensor) || convolutionOp.made(x)) return tensor;
    const [, channels] = featureMapShape("keepBlocked", x.shape);
    const ones = constant(new Float32Array(channels).fill(1), [channels, 1, 1, 1]);
    return tensor.withInputs([convolution(x, ones, { groups: channels })]);
  });
}
