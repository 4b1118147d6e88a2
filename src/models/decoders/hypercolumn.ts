import { relu6 } from "../../graph/ops/activation.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { resize } from "../../graph/ops/resize.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { chainedResidualPooling, conv } from "../layers.ts";
import type { Decoder } from "./decoder.ts";

/** Channels of the sum. */
const WIDTH = 64;

/**
 * A small decoder for few labels, on all feature maps of the backbone at once (Hariharan et al.,
 * "Hypercolumns", CVPR 2015).
 *
 * A 1x1 convolution brings each tap to 64 channels; these are resized to the finest tap and summed; ReLU6;
 * one CRP, as in Light-Weight RefineNet, for context; a 1x1 convolution classifies. It has 61,000 parameters
 * on MobileNet-v2, and its input, the taps, is the same in every step while the backbone is frozen.
 */
export const hypercolumn: Decoder = {
  alignCorners: false,
  build(scope, taps, classes) {
    const [finest] = taps;
    if (!finest) throw new RangeError("a decoder needs at least one tap");
    const paths = taps.map(({ features, stage }, index) => {
      const path = conv(scope.at(`tap${stage}`), features, { channels: WIDTH, bias: index === 0 });
      return index === 0 ? path : resize(path, { like: finest.features, alignCorners: false });
    });
    const fused: Tensor = paths.reduce(add);
    const pooled = chainedResidualPooling(scope.at("crp"), relu6(fused));
    return { scores: conv(scope.at("score"), pooled, { channels: classes, bias: true }) };
  },
};
