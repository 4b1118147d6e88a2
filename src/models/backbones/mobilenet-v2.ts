import { add } from "../../graph/ops/elementwise.ts";
import { channelsOf } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { conv, convBnRelu6, normalize } from "../layers.ts";
import { imagenetPreprocessing } from "../preprocessing.ts";
import type { Scope } from "../scope.ts";
import type { Backbone, Tap } from "./backbone.ts";
import { mobilenetV2Names } from "./mobilenet-v2-names.ts";

/** Stages after the first convolution: expansion, channels, blocks, stride (Sandler et al. 2018, Table 2). */
const stages = [
  { expansion: 1, channels: 16, blocks: 1, stride: 1 },
  { expansion: 6, channels: 24, blocks: 2, stride: 2 },
  { expansion: 6, channels: 32, blocks: 3, stride: 2 },
  { expansion: 6, channels: 64, blocks: 4, stride: 2 },
  { expansion: 6, channels: 96, blocks: 3, stride: 1 },
  { expansion: 6, channels: 160, blocks: 3, stride: 2 },
  { expansion: 6, channels: 320, blocks: 1, stride: 1 },
] as const;

/**
 * MobileNet-v2 at width 1.0 without its 1280-channel layer; taps are all stages but the 16-channel one.
 *
 * Official names: `layer1` is the first convolution, `layer2` to `layer8` the stages. In the authors' code
 * every block has its expansion convolution, even where the expansion is 1.
 */
export const mobilenetV2: Backbone = {
  preprocessing: imagenetPreprocessing,
  otherNames: mobilenetV2Names,
  build(scope, image) {
    const stem = scope.at("layer1");
    let x = stem.block("stem", {
      inputs: [image],
      output: convBnRelu6(stem, image, { channels: 32, kernel: 3, stride: 2 }),
    });
    let reduction = 2;
    const taps: Tap[] = [];
    for (const [index, { expansion, channels, blocks, stride }] of stages.entries()) {
      const stage = index + 2;
      const place = scope.at(`layer${stage}`);
      const inputs = [x];
      reduction *= stride;
      for (let block = 0; block < blocks; block++)
        x = invertedResidual(place.at(block), x, { channels, expansion, stride: block === 0 ? stride : 1 });
      place.block("inverted residual", { inputs, output: x, repeats: blocks });
      if (channels > 16) taps.push({ features: x, stride: reduction, stage });
    }
    return taps;
  },
};

/** Expansion, depthwise convolution, linear projection; a shortcut where shapes agree (Fig. 3b there). */
function invertedResidual(
  scope: Scope,
  x: Tensor,
  { channels, expansion, stride }: { channels: number; expansion: number; stride: number },
): Tensor {
  const layers = scope.at("output");
  const inputs = channelsOf("invertedResidual", x);
  const width = inputs * expansion;
  const wide = convBnRelu6(layers.at(0), x, { channels: width });
  const filtered = convBnRelu6(layers.at(1), wide, { channels: width, kernel: 3, stride, groups: width });
  const narrow = normalize(layers.at(2).at(1), conv(layers.at(2).at(0), filtered, { channels }));
  return stride === 1 && inputs === channels ? add(x, narrow) : narrow;
}
