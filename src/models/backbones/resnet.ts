import { relu } from "../../graph/ops/activation.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { maxPool } from "../../graph/ops/pooling.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { type ConvOptions, conv, normalize } from "../layers.ts";
import { imagenetPreprocessing } from "../preprocessing.ts";
import type { Scope } from "../scope.ts";
import type { Backbone, Tap } from "./backbone.ts";

/** A residual block: how much wider its result is than its inside, and its layers but for the sum. */
interface ResidualBlock {
  readonly kind: string;
  readonly expansion: number;
  readonly layers: (scope: Scope, x: Tensor, options: { width: number; stride: number }) => Tensor;
}

/** Two 3x3 convolutions (He et al. 2016, Fig. 5 left). */
const basic: ResidualBlock = {
  kind: "basic block",
  expansion: 1,
  layers(scope, x, { width, stride }) {
    const y = relu(convBn(scope, 1, x, { channels: width, kernel: 3, stride }));
    return convBn(scope, 2, y, { channels: width, kernel: 3 });
  },
};

/** 1x1, 3x3, 1x1 (Fig. 5 right). The 3x3 convolution has the stride, as in torchvision's weights. */
const bottleneck: ResidualBlock = {
  kind: "bottleneck",
  expansion: 4,
  layers(scope, x, { width, stride }) {
    const narrow = relu(convBn(scope, 1, x, { channels: width }));
    const filtered = relu(convBn(scope, 2, narrow, { channels: width, kernel: 3, stride }));
    return convBn(scope, 3, filtered, { channels: width * bottleneck.expansion });
  },
};

/** Blocks in the four stages, conv2_x to conv5_x of Table 1 there. */
const variants = {
  18: { block: basic, stages: [2, 2, 2, 2] },
  34: { block: basic, stages: [3, 4, 6, 3] },
  50: { block: bottleneck, stages: [3, 4, 6, 3] },
  101: { block: bottleneck, stages: [3, 4, 23, 3] },
  152: { block: bottleneck, stages: [3, 8, 36, 3] },
} as const;

/**
 * A ResNet without its classifier; taps are its four stages, at 1/4 to 1/32 of the photo.
 *
 * Official names are torchvision's: `conv1`, `bn1`, `layer1` .. `layer4`.
 */
export function resnet(depth: keyof typeof variants): Backbone {
  const { block, stages } = variants[depth];
  return {
    preprocessing: imagenetPreprocessing,
    build(scope, image) {
      const stem = relu(convBn(scope, 1, image, { channels: 64, kernel: 7, stride: 2 }));
      let x = scope.at("conv1").block("stem", {
        inputs: [image],
        output: maxPool(stem, { kernel: 3, stride: 2, padding: 1 }),
      });
      return stages.map((blocks, index): Tap => {
        const inputs = [x];
        const place = scope.at(`layer${index + 1}`);
        for (let number = 0; number < blocks; number++) {
          const stride = index > 0 && number === 0 ? 2 : 1;
          x = residual(place.at(number), x, { block, width: 64 * 2 ** index, stride });
        }
        place.block(block.kind, { inputs, output: x, repeats: blocks });
        return { features: x, stride: 4 * 2 ** index, stage: index + 2 };
      });
    },
  };
}

/** `relu(layers(x) + x)`, where x is projected if its shape is another. */
function residual(
  scope: Scope,
  x: Tensor,
  { block, width, stride }: { block: ResidualBlock; width: number; stride: number },
): Tensor {
  const channels = width * block.expansion;
  const y = block.layers(scope, x, { width, stride });
  if (stride === 1 && x.shape[1] === channels) return relu(add(y, x));
  const shortcut = scope.at("downsample");
  return relu(add(y, normalize(shortcut.at(1), conv(shortcut.at(0), x, { channels, stride }))));
}

/** Convolution `convN` and batch norm `bnN`. */
function convBn(scope: Scope, number: number, x: Tensor, options: ConvOptions): Tensor {
  return normalize(scope.at(`bn${number}`), conv(scope.at(`conv${number}`), x, options));
}
