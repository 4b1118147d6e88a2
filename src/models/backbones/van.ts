import { gelu } from "../../graph/ops/activation.ts";
import { add, multiply } from "../../graph/ops/elementwise.ts";
import { reshape } from "../../graph/ops/reduction.ts";
import { channelsOf } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { conv, layerNormalize, normalize } from "../layers.ts";
import { imagenetPreprocessing } from "../preprocessing.ts";
import type { Scope } from "../scope.ts";
import type { Backbone, Tap } from "./backbone.ts";
import { vanNames } from "./van-names.ts";

/** Channels and blocks of the four stages (Guo et al. 2022, Table 2). */
const variants = {
  b0: { widths: [32, 64, 160, 256], depths: [3, 3, 5, 2] },
  b1: { widths: [64, 128, 320, 512], depths: [2, 2, 4, 2] },
  b2: { widths: [64, 128, 320, 512], depths: [3, 3, 12, 3] },
} as const;

/** How much wider the inside of a block's second half is, in each stage. */
const mlpRatios = [8, 8, 4, 4] as const;

/** What a block's halves are weighted by at first, channel by channel. */
const LAYER_SCALE = 0.01;

/**
 * Visual Attention Network (Guo et al., "Visual Attention Network", 2022). Taps are its four stages, at 1/4
 * to 1/32.
 *
 * Official names: `patch_embedN`, `blockN`, `normN`.
 */
export function van(variant: keyof typeof variants): Backbone {
  const { widths, depths } = variants[variant];
  return {
    preprocessing: imagenetPreprocessing,
    otherNames: vanNames,
    build(scope, image) {
      let x = image;
      return widths.map((channels, index): Tap => {
        const stage = index + 1;
        const inputs = [x];
        const embedding = scope.at(`patch_embed${stage}`);
        const patch = index === 0 ? { kernel: 7, stride: 4 } : { kernel: 3, stride: 2 };
        x = normalize(
          embedding.at("norm"),
          conv(embedding.at("proj"), x, { channels, ...patch, bias: true }),
        );
        const repeats = depths[index] ?? 0;
        for (let number = 0; number < repeats; number++)
          x = block(scope.at(`block${stage}`).at(number), x, mlpRatios[index] ?? 4);
        x = layerNormalize(scope.at(`norm${stage}`), x);
        scope.at(`block${stage}`).block("attention block", { inputs, output: x, repeats });
        return { features: x, stride: 4 * 2 ** index, stage };
      });
    },
  };
}

/** Attention and an MLP, each behind batch norm, weighted channel by channel and added to its input. */
function block(scope: Scope, x: Tensor, ratio: number): Tensor {
  const attended = attention(scope.at("attn"), normalize(scope.at("norm1"), x));
  const y = add(x, layerScale(scope, "layer_scale_1", attended));
  const mixed = mlp(scope.at("mlp"), normalize(scope.at("norm2"), y), ratio);
  return add(y, layerScale(scope, "layer_scale_2", mixed));
}

/** Large kernel attention (Sec. 3.1 there): 5x5, then 7x7 with dilation 3, then 1x1, times their input. */
function attention(scope: Scope, x: Tensor): Tensor {
  const channels = channelsOf("attention", x);
  const gate = scope.at("spatial_gating_unit");
  const depthwise = { channels, groups: channels, bias: true };
  const u = gelu(conv(scope.at("proj_1"), x, { channels, bias: true }));
  const near = conv(gate.at("conv0"), u, { ...depthwise, kernel: 5 });
  const far = conv(gate.at("conv_spatial"), near, { ...depthwise, kernel: 7, dilation: 3 });
  const weighted = multiply(u, conv(gate.at("conv1"), far, { channels, bias: true }));
  return add(conv(scope.at("proj_2"), weighted, { channels, bias: true }), x);
}

function mlp(scope: Scope, x: Tensor, ratio: number): Tensor {
  const channels = channelsOf("mlp", x);
  const inside = channels * ratio;
  const wide = conv(scope.at("fc1"), x, { channels: inside, bias: true });
  const filtered = conv(scope.at("dwconv").at("dwconv"), wide, {
    channels: inside,
    groups: inside,
    kernel: 3,
    bias: true,
  });
  return conv(scope.at("fc2"), gelu(filtered), { channels, bias: true });
}

function layerScale(scope: Scope, name: string, x: Tensor): Tensor {
  const channels = channelsOf("layerScale", x);
  const initialization = { kind: "constant", value: LAYER_SCALE } as const;
  return multiply(x, reshape(scope.parameter(name, [channels], { initialization }), [channels, 1, 1]));
}
