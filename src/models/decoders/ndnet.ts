import { relu } from "../../graph/ops/activation.ts";
import { concat } from "../../graph/ops/concat.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { resize } from "../../graph/ops/resize.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Tap } from "../backbones/backbone.ts";
import { conv, normalize, separableConv } from "../layers.ts";
import type { Scope } from "../scope.ts";
import type { AuxiliaryScores, Decoder } from "./decoder.ts";

/** Channels before the classifier, of the main head and of auxiliary ones. */
const WIDTH = 64;
const AUXILIARY_WIDTH = 128;
const AUXILIARY_WEIGHT = 0.4;
/** Channels after the fusion of the encoder-decoder form. */
const FUSION_WIDTH = 256;
/** Resolution of the encoder-decoder form and of the FCN8-like form, as a part of the photo's. */
const FINE_STRIDE = 8;

/** NDNet's plain form: a head on the deepest stage. Official names: `seg`, `aux_seg`. */
export const ndnetFcn32: Decoder = {
  alignCorners: true,
  build(scope, taps, classes) {
    const [deepest, before] = fromDeepest(taps);
    return {
      scores: predict(scope.at("seg"), deepest.features, { width: WIDTH, classes }),
      auxiliary: auxiliaryHeads(scope, [["aux_seg", before]], classes),
    };
  },
};

/**
 * NDNet's encoder-decoder form, at 1/8: the deepest stage is upsampled to 1/8, concatenated with the stage
 * there and fused by a 1x1 convolution. Official names: `fusion`, `seg`, `aux_seg`.
 */
export const ndnetEncoderDecoder: Decoder = {
  alignCorners: true,
  build(scope, taps, classes) {
    const [deepest, before] = fromDeepest(taps);
    const fine = fineTap(taps).features;
    const both = concat([resize(deepest.features, { like: fine, alignCorners: true }), fine]);
    const mixed = conv(scope.at("fusion").at("conv"), both, { channels: FUSION_WIDTH });
    const fused = scope.at("fusion").block("fusion", {
      inputs: [deepest.features, fine],
      output: relu(normalize(scope.at("fusion").at("bn"), mixed)),
    });
    return {
      scores: predict(scope.at("seg"), fused, { width: WIDTH, classes }),
      auxiliary: auxiliaryHeads(scope, [["aux_seg", before]], classes),
    };
  },
};

/**
 * NDNet's form after FCN-8s, with adaptive fusion: a head on each of the three deepest stages, its scores
 * weighted by a learned factor per class, all brought to 1/8 and summed. The names (`segN`, `fusionN`,
 * `aux_segN`) are not published.
 */
export const ndnetFcn8: Decoder = {
  alignCorners: true,
  build(scope, taps, classes) {
    const [deepest, before] = fromDeepest(taps);
    const like = fineTap(taps).features;
    const scores = taps.slice(-3).map(({ features, stage }) => {
      const single = predict(scope.at(`seg${stage}`), features, { width: WIDTH, classes });
      const weighted = conv(scope.at(`fusion${stage}`), single, { channels: classes, groups: classes });
      return resize(weighted, { like, alignCorners: true });
    });
    const heads = [before, deepest].map((tap) => [`aux_seg${tap.stage}`, tap] as const);
    return { scores: scores.reduce(add), auxiliary: auxiliaryHeads(scope, heads, classes) };
  },
};

/** Separable convolution, batch norm, ReLU, and a 1x1 convolution to the classes. */
function predict(scope: Scope, x: Tensor, { width, classes }: { width: number; classes: number }): Tensor {
  const transformed = relu(separableConv(scope.at("transform"), x, { channels: width }));
  const scores = conv(scope.at("score"), transformed, { channels: classes, bias: true });
  return scope.block("head", { inputs: [x], output: scores });
}

function auxiliaryHeads(
  scope: Scope,
  heads: readonly (readonly [name: string, tap: Tap])[],
  classes: number,
): AuxiliaryScores[] {
  if (!scope.auxiliary) return [];
  return heads.map(([name, { features }]) => ({
    scores: predict(scope.at(name), features, { width: AUXILIARY_WIDTH, classes }),
    weight: AUXILIARY_WEIGHT,
  }));
}

/** The deepest stage and the one before it. */
function fromDeepest(taps: readonly Tap[]): [deepest: Tap, before: Tap] {
  const [deepest, before] = taps.toReversed();
  if (!deepest || !before) throw new RangeError("this decoder needs at least two taps");
  return [deepest, before];
}

/** The first stage at 1/8, or else the finest. */
function fineTap(taps: readonly Tap[]): Tap {
  const tap = taps.find(({ stride }) => stride >= FINE_STRIDE) ?? taps[0];
  if (!tap) throw new RangeError("this decoder needs at least two taps");
  return tap;
}
