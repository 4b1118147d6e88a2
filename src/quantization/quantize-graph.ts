import { convolutionOp } from "../graph/ops/convolution.ts";
import { add } from "../graph/ops/elementwise.ts";
import {
  dequantize,
  dequantizeOp,
  type Quantization,
  quantize,
  storedWeight,
} from "../graph/ops/quantize.ts";
import type { ConvolutionAttributes } from "../graph/ops/window.ts";
import { rewriteGraph } from "../graph/rewrite/rewrite.ts";
import { fixedShape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { avoidHalves } from "./avoid-halves.ts";
import type { Treatment } from "./feature-maps.ts";
import { correctBias, quantizeBias, quantizeWeight } from "./weights.ts";

export interface QuantizeGraphOptions {
  readonly treatments: ReadonlyMap<Tensor, Treatment>;
  readonly quantizationOf: (map: Tensor) => Quantization;
  /** The mean of each channel of what a convolution reads. */
  readonly meansOf: (map: Tensor) => ArrayLike<number>;
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Of the weights. */
  readonly bits: 7 | 8;
}

/**
 * Writes a float graph in terms of quantized feature maps and weights.
 *
 * Each map becomes `dequantize(quantize(map))`. ONNX Runtime fuses dequantize, op and quantize into one
 * integer kernel. An absorbed ReLU is left out: the quantized range begins at 0, and for ReLU6 ends at 6 or
 * less.
 *
 * @returns what stands for a tensor of the float graph; all that is quantized is float32 there
 */
export function quantizeGraph(
  outputs: readonly Tensor[],
  options: QuantizeGraphOptions,
): (tensor: Tensor) => Tensor {
  const { treatments, quantizationOf } = options;
  const names = new Set<string>();
  return rewriteGraph(outputs, (tensor, original) => {
    const [x] = tensor.inputs;
    const [originalX] = original.inputs;
    const treatment = treatments.get(original);
    if (treatment === "inherited" && x && dequantizeOp.made(x))
      return dequantize(tensor.withInputs(tensor.inputs.map(wholeNumbers)), x.attributes);
    const isAbsorbing = x && originalX && treatments.get(originalX) === "absorbed";
    const y = isAbsorbing
      ? x
      : convolutionOp.made(tensor)
        ? quantizeConvolution(tensor, original, { ...options, names })
        : tensor;
    if (treatment !== "quantized") return y;
    const quantization = quantizationOfSum(y, quantizationOf(original));
    return dequantize(quantize(y, quantization), quantization);
  });
}

function quantizationOfSum(tensor: Tensor, chosen: Quantization): Quantization {
  const [a, b] = tensor.inputs;
  if (!add.made(tensor) || !a || !b || !dequantizeOp.made(a) || !dequantizeOp.made(b)) return chosen;
  return avoidHalves(chosen, [a.attributes, b.attributes]);
}

/** The uint8 map that a tensor was dequantized from; for others the tensor. */
function wholeNumbers(tensor: Tensor): Tensor {
  return (dequantizeOp.made(tensor) ? tensor.inputs[0] : undefined) ?? tensor;
}

function quantizeConvolution(
  tensor: Tensor<ConvolutionAttributes>,
  original: Tensor,
  { weights, bits, meansOf, names }: QuantizeGraphOptions & { names: Set<string> },
): Tensor {
  const [x, weight, bias] = tensor.inputs;
  const [originalX] = original.inputs;
  if (!x || !originalX || weight?.leaf?.kind !== "parameter" || !dequantizeOp.made(x)) return tensor;
  const { name } = weight.leaf;
  const kernels = weights.get(name);
  const shape = fixedShape("quantizeGraph", weight.shape);
  const [channels = 0] = shape;
  const biases = bias?.leaf?.kind === "parameter" ? weights.get(bias.leaf.name) : new Float32Array(channels);
  if (!kernels || !biases) return tensor;

  const { scale: inputScale } = x.attributes;
  const { groups } = tensor.attributes;
  const quantized = quantizeWeight(kernels, biases, { inputScale, bits });
  const corrected = correctBias(biases, kernels, quantized, { means: meansOf(originalX), groups });
  const stored = quantizeBias(corrected, { scales: quantized.scales, inputScale });
  const unused = unusedName(name, names);
  return convolutionOp(
    [
      x,
      storedWeight({ name: `${unused}/int8`, shape, ...quantized }),
      storedWeight({ name: `${unused}/bias`, shape: [channels], ...stored }),
    ],
    tensor.attributes,
  );
}

/** A weight that several convolutions share has other steps in each of them. */
function unusedName(name: string, names: Set<string>): string {
  const unused = names.has(name) ? `${name}#${names.size}` : name;
  names.add(unused);
  return unused;
}
