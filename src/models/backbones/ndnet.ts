import { relu } from "../../graph/ops/activation.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { maxPool } from "../../graph/ops/pooling.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { conv, normalize, separableConv } from "../layers.ts";
import type { Scope } from "../scope.ts";
import type { Backbone, Tap } from "./backbone.ts";

/** Blocks of the stages block3, block4 and block5, and the width of their narrow middle. */
const variants = {
  29: [
    { blocks: 3, middle: 24 },
    { blocks: 8, middle: 48 },
    { blocks: 3, middle: 96 },
  ],
  "29w": [
    { blocks: 3, middle: 64 },
    { blocks: 8, middle: 128 },
    { blocks: 3, middle: 256 },
  ],
  45: [
    { blocks: 4, middle: 16 },
    { blocks: 12, middle: 32 },
    { blocks: 6, middle: 64 },
  ],
  61: [
    { blocks: 6, middle: 12 },
    { blocks: 16, middle: 24 },
    { blocks: 8, middle: 48 },
  ],
} as const;

const STEM_CHANNELS = 8;
/** How much wider a block's result is than its middle. */
const EXPANSION = 4;

/**
 * NDNet, narrow and deep ("Real time backbone for semantic segmentation", arXiv 1903.06922). Taps are its
 * three stages.
 *
 * A 3x3 convolution and a 3x3 max-pool lead to 1/4. Every stage halves the map until `outputStride` is
 * reached; later stages keep the size and are dilated. Named after its layers: 1 + 2 x blocks.
 *
 * Official names: `features.conv1`, `features.block3` .. `features.block5`.
 */
export function ndnet(
  variant: keyof typeof variants,
  { outputStride = 32 }: { outputStride?: 8 | 16 | 32 } = {},
): Backbone {
  return {
    preprocessing: { scale: 1 / 255, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    build(scope, image) {
      const features = scope.at("features");
      const first = features.at("conv1");
      const stem = conv(first.at("conv"), image, { channels: STEM_CHANNELS, kernel: 3, stride: 2 });
      let x = first.block("stem", {
        inputs: [image],
        output: maxPool(relu(normalize(first.at("bn"), stem)), { kernel: 3, stride: 2, padding: 1 }),
      });
      let reduction = 4;
      let dilation = 1;
      return variants[variant].map(({ blocks, middle }, index): Tap => {
        const stage = index + 3;
        const stride = reduction < outputStride ? 2 : 1;
        reduction *= stride;
        dilation *= 2 / stride;
        const place = features.at(`block${stage}`);
        const inputs = [x];
        for (let number = 0; number < blocks; number++)
          x = bottleneck(place.at(number), x, { middle, stride: number === 0 ? stride : 1, dilation });
        place.block("separable bottleneck", { inputs, output: x, repeats: blocks });
        return { features: x, stride: reduction, stage };
      });
    },
  };
}

/** Two separable convolutions, the second four times as wide, and a shortcut, projected if needed. */
function bottleneck(
  scope: Scope,
  x: Tensor,
  { middle, stride, dilation }: { middle: number; stride: number; dilation: number },
): Tensor {
  const channels = EXPANSION * middle;
  const narrow = relu(separableConv(scope.at("conv1"), x, { channels: middle, stride, dilation }));
  const wide = separableConv(scope.at("conv2"), narrow, { channels, dilation });
  const keepsShape = stride === 1 && x.shape[1] === channels;
  const shortcut = keepsShape ? x : separableConv(scope.at("shortcut"), x, { channels, stride, dilation });
  return relu(add(wide, shortcut));
}
