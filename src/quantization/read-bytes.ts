import { convolutionOp } from "../graph/ops/convolution.ts";
import { subtract } from "../graph/ops/elementwise.ts";
import { bytePlanes, pixelPlanesOp } from "../graph/ops/pixels.ts";
import { dequantize } from "../graph/ops/quantize.ts";
import { rewriteGraph } from "../graph/rewrite/rewrite.ts";
import { parameter, type Tensor } from "../graph/tensor.ts";

/** A network up to its scores, with the values of its parameters by name. */
export interface ScoreGraph {
  readonly scores: Tensor;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/**
 * Lets the first convolutions read the photo's bytes: uint8 with scale 1, and one zero point z for all
 * channels.
 *
 * They read the photo less the mean color m before. The difference of z and m goes into their biases:
 *
 *   W * (v - m) + b  =  W * (v - z) + (b + sum of W[o, i, k] (z - m[i]))
 *
 * Exact but at the border: padding is z there, not m, a few of 255 levels apart.
 */
export function readBytes({ scores, weights }: ScoreGraph): ScoreGraph {
  const added = new Map<string, Float32Array>();
  const current = rewriteGraph([scores], (tensor) => {
    const [x, weight, bias] = tensor.inputs;
    const photo = x && findPhoto(x);
    if (!photo || !convolutionOp.made(tensor) || tensor.attributes.groups !== 1) return tensor;
    if (weight?.leaf?.kind !== "parameter" || bias?.leaf?.kind !== "parameter") return tensor;
    const kernels = weights.get(weight.leaf.name);
    const biases = weights.get(bias.leaf.name);
    if (!kernels || !biases) return tensor;

    const zeroPoint = Math.round(photo.mean.reduce((sum, mean) => sum + mean, 0) / photo.mean.length);
    const size = kernels.length / biases.length;
    const perInput = size / photo.mean.length;
    const shifted = biases.map((value, channel) => {
      let sum = value;
      for (let index = 0; index < size; index++)
        sum +=
          (kernels[channel * size + index] ?? 0) *
          (zeroPoint - (photo.mean[Math.floor(index / perInput)] ?? 0));
      return sum;
    });
    const name = `%bytes:${bias.leaf.name}`;
    added.set(name, shifted);
    const bytes = dequantize(bytePlanes(photo.pixels), { scale: 1, zeroPoint });
    return convolutionOp(
      [bytes, weight, parameter(name, [biases.length], bias.leaf.parameter)],
      tensor.attributes,
    );
  });
  return { scores: current(scores), weights: new Map([...weights, ...added]) };
}

/** The bytes and the mean color that a tensor is the difference of. */
function findPhoto(tensor: Tensor): { pixels: Tensor; mean: Float32Array } | undefined {
  const [planes, mean] = tensor.inputs;
  const pixels = planes && pixelPlanesOp.made(planes) ? planes.inputs[0] : undefined;
  const data = mean?.leaf?.kind === "constant" ? mean.leaf.data : undefined;
  if (!subtract.made(tensor) || !pixels || !(data instanceof Float32Array)) return undefined;
  return { pixels, mean: data };
}
