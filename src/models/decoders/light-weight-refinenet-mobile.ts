import { relu6 } from "../../graph/ops/activation.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { resize } from "../../graph/ops/resize.ts";
import { channelsOf } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { chainedResidualPooling, conv } from "../layers.ts";
import type { Scope } from "../scope.ts";
import type { Decoder } from "./decoder.ts";

/**
 * The decoder of Light-Weight RefineNet (Sec. 3.2-3.3, Fig. 1), as in the authors' code for MobileNet-v2.
 *
 * From coarse to fine, one level for each stride. A 1x1 convolution brings each tap of that stride to `width`
 * channels; these are summed with the coarser level; ReLU6; CRP; but for the finest level, a 1x1 convolution
 * and bilinear upsampling to the next finer map. A 3x3 convolution classifies. There are no RCUs and no
 * dropout.
 *
 * Official names: `conv8` .. `conv3` after the stage of the tap, `crp4` .. `crp1` and `conv_adapt4` ..
 * `conv_adapt2` after the level, `segm`.
 *
 * @param width channels of the decoder; the authors' is 256, a narrower one is faster
 */
export const lightWeightRefineNetMobile = ({ width = 256 } = {}): Decoder => ({
  alignCorners: false,
  build(scope, taps, classes) {
    const strides = [...new Set(taps.map(({ stride }) => stride))].sort((a, b) => a - b);
    let coarser: Tensor | undefined;
    for (let level = strides.length; level >= 1; level--) {
      const here = taps.filter(({ stride }) => stride === strides[level - 1]).reverse();
      const paths = here.map(({ features, stage }) =>
        conv(scope.at(`conv${stage}`), features, { channels: width }),
      );
      const fused: Tensor = scope.at(`fusion${level}`).block("light-weight fusion", {
        inputs: [...here.map(({ features }) => features), ...(coarser ? [coarser] : [])],
        output: sumOf(coarser ? [...paths, upsample(scope, coarser, level + 1, paths)] : paths),
      });
      coarser = chainedResidualPooling(scope.at(`crp${level}`).at(0), relu6(fused));
    }
    if (!coarser) throw new RangeError("a decoder needs at least one tap");
    return { scores: conv(scope.at("segm"), coarser, { channels: classes, kernel: 3, bias: true }) };
  },
});

/** The coarser level, `[N, width, h, w]`, at the size of the next finer one. */
function upsample(scope: Scope, coarser: Tensor, level: number, [like]: readonly Tensor[]): Tensor {
  const adapted = conv(scope.at(`conv_adapt${level}`), coarser, {
    channels: channelsOf("lightWeightRefineNetMobile", coarser),
  });
  return like ? resize(adapted, { like, alignCorners: true }) : adapted;
}

function sumOf(tensors: readonly Tensor[]): Tensor {
  return tensors.reduce(add);
}
