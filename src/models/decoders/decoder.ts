import type { Tensor } from "../../graph/tensor.ts";
import type { Tap } from "../backbones/backbone.ts";
import type { Scope } from "../scope.ts";

/** Scores that take part in the loss and in nothing else. */
export interface AuxiliaryScores {
  /** `[N, classes, h, w]`. */
  readonly scores: Tensor;
  /** Factor of their loss. */
  readonly weight: number;
}

/** A further term of the loss. */
export interface LossTerm {
  /** Factor of the term. */
  readonly weight: number;
  /** @param target int32 `[N, H, W]` at the photo's size: a class, or 255 @returns a tensor of shape `[]` */
  build(target: Tensor): Tensor;
}

/** What a decoder makes of feature maps. */
interface Prediction {
  /** Raw class scores, `[N, classes, h, w]`. */
  readonly scores: Tensor;
  /** Empty for most decoders. */
  readonly auxiliary?: readonly AuxiliaryScores[];
  /** Empty for most decoders. */
  readonly lossTerms?: readonly LossTerm[];
}

/** The other half of a network. */
export interface Decoder {
  /** PyTorch's `align_corners` in the final bilinear upsampling of the logits. */
  readonly alignCorners: boolean;
  /** @param taps feature maps of a backbone, finest first */
  build(scope: Scope, taps: readonly Tap[], classes: number): Prediction;
}
