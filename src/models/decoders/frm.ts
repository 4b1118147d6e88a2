import { gelu } from "../../graph/ops/activation.ts";
import { concat } from "../../graph/ops/concat.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { resize } from "../../graph/ops/resize.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { conv, drop, normalize } from "../layers.ts";
import { disentangledNonLocal } from "../non-local.ts";
import { pixelContrast } from "../pixel-contrast.ts";
import type { Scope } from "../scope.ts";
import type { Decoder } from "./decoder.ts";
import { convBnRelu, featurePyramid, sumLevels } from "./fpn.ts";

/** Channels of the aggregated features: as many as the four stages of VAN-B0 have together. */
const WIDTH = 512;
/** How much wider the inside of the MLP is. */
const EXPANSION = 4;
const DROPOUT = 0.1;

/**
 * The decoder of FRM ("A feature refinement module for light-weight semantic segmentation network", ICIP
 * 2023, arXiv 2412.08670).
 *
 * Published: the four stages of a Visual Attention Network are pooled to the size of the deepest and
 * concatenated; a disentangled non-local block, called a transformer block, mixes them; the decoder is a
 * feature pyramid; a contrastive term joins the loss; 214.82 G operations.
 *
 * Inferred, since there is no code: VAN-B0; pooling by bilinear halving, the mean of 2x2 pixels for even
 * sizes; a 1x1 convolution to 512 channels before the block; an MLP of 4 times that width as its second half;
 * a 3x3 convolution to the width of the deepest stage, which the result replaces in the pyramid; Semantic FPN
 * of 256 and 128 channels with dropout 0.1; the places of batch norm; the term compares pixels at 1/4, before
 * the classifier. That makes 213.87 G multiply-accumulates at 1024x2048 with 19 classes on VAN-B0, 0.4 %
 * fewer than published.
 *
 * On other backbones each stride is a level, with its deepest feature map. No names are published; here they
 * are `frm`, `neck`, `decode_head` and, in training, `contrast`.
 *
 * @param options which of the two parts that the paper adds there are: the module and the contrastive term
 */
export function frmWith({ module = true, contrast = true } = {}): Decoder {
  return {
    alignCorners: false,
    build(scope, taps, classes) {
      // Taps come finest first: a later one of the same stride takes the place of the one before.
      const levels = [...new Map(taps.map(({ stride, features }) => [stride, features])).values()];
      const deepest = module ? [refine(scope.at("frm"), levels)] : levels.slice(-1);
      const pyramid = featurePyramid(scope.at("neck"), [...levels.slice(0, -1), ...deepest]);
      const head = scope.at("decode_head");
      const fused = sumLevels(head.at("scale_heads"), pyramid);
      const last = drop(scope, fused, DROPOUT);
      const scores = conv(head.at("conv_seg"), last, { channels: classes, bias: true });
      if (!contrast || !scope.auxiliary) return { scores, lossTerms: [] };
      return { scores, lossTerms: [pixelContrast(scope.at("contrast"), { features: fused, scores })] };
    },
  };
}

export const frm = frmWith();

/** The feature refinement module: all levels at the coarsest size, mixed across channels and pixels. */
function refine(scope: Scope, levels: readonly Tensor[]): Tensor {
  const aggregated = levels.reduce((all, next) =>
    concat([resize(all, { like: next, alignCorners: false }), next]),
  );
  const mixed = convBnRelu(scope.at("fuse"), aggregated, { channels: WIDTH });
  const block = mlp(scope.at("ffn"), disentangledNonLocal(scope.at("attn"), mixed));
  const channels = Number(levels.at(-1)?.shape[1]);
  const output = convBnRelu(scope.at("project"), block, { channels, kernel: 3 });
  return scope.block("FRM", { inputs: levels, output });
}

/** The MLP, second half of the transformer block, behind batch norm as in VAN's blocks. */
function mlp(scope: Scope, x: Tensor): Tensor {
  const inside = conv(scope.at("fc1"), normalize(scope.at("norm"), x), {
    channels: EXPANSION * WIDTH,
    bias: true,
  });
  return add(x, conv(scope.at("fc2"), gelu(inside), { channels: WIDTH, bias: true }));
}
