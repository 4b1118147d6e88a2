import { convolutionOp } from "../ops/convolution.ts";
import { multiply, subtract } from "../ops/elementwise.ts";
import { pixelPlanes } from "../ops/pixels.ts";
import { resizeOp } from "../ops/resize.ts";
import { featureMapShape } from "../shape.ts";
import { constant, input, type Tensor } from "../tensor.ts";
import { rewriteGraph } from "./rewrite.ts";

type Channels = readonly [red: number, green: number, blue: number];

/** How pixel values v, 0..255, become network input: `(v * scale - mean) / std`, channel by channel. */
interface Normalization {
  readonly scale: number;
  readonly mean: Channels;
  readonly std: Channels;
}

/**
 * Lets the graph take a photo's bytes: input `pixels`, uint8 `[N, H, W, 3]`, in place of the normalized
 * `image`.
 *
 * The factor of the normalization goes into the weights W of the convolutions that read the photo. The offset
 * stays in the graph: beyond the border such a convolution sees 0, the mean color, and no factor changes 0:
 *
 *   W * ((v scale - mean) / std)  =  (W scale / std) * (v - mean / scale)
 */
export function foldPreprocessing(image: Tensor, { scale, mean, std }: Normalization) {
  const [n, , h, w] = featureMapShape("foldPreprocessing", image.shape);
  const pixels = pixelPlanes(input("pixels", [n, h, w, 3], "uint8"));
  const centered = subtract(pixels, perChannel(mean.map((value) => value / scale)));
  const factor = perChannel(std.map((value) => scale / value));
  const normalized = multiply(centered, factor);

  return (outputs: readonly Tensor[]): ((tensor: Tensor) => Tensor) =>
    rewriteGraph(outputs, (tensor, original) => {
      if (original === image) return normalized;
      const [x, other, ...rest] = tensor.inputs;
      // A resize reads only the size of the photo, which the pixels have too.
      if (x && resizeOp.made(tensor) && other === normalized) return tensor.withInputs([x, pixels]);
      if (x !== normalized || !other || !convolutionOp.made(tensor) || tensor.attributes.groups !== 1)
        return tensor;
      return tensor.withInputs([centered, multiply(other, factor), ...rest]);
    });
}

function perChannel(values: readonly number[]): Tensor {
  return constant(Float32Array.from(values), [1, values.length, 1, 1]);
}
