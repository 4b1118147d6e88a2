import type { Tensor } from "../../graph/tensor.ts";
import type { Preprocessing } from "../preprocessing.ts";
import type { Scope } from "../scope.ts";
import type { OtherNames } from "./other-names.ts";

/** A feature map that a backbone offers to a decoder. */
export interface Tap {
  /**
   * `[N, C, H / stride, W / stride]`, rounded up. NASNet's maps may have a row and a column less: its first
   * convolution has no padding.
   */
  readonly features: Tensor;
  readonly stride: number;
  /** Number of the stage in the literature, e.g. 8 for `layer8` of MobileNet-v2; unique in a backbone. */
  readonly stage: number;
}

/** The encoder half of a network. */
export interface Backbone {
  /** What its ImageNet weights were trained with. */
  readonly preprocessing: Preprocessing;
  /** How other libraries name its parameters, where their weights are for the same layers. */
  readonly otherNames?: OtherNames;
  /** A normalized photo `[N, 3, H, W]` in, feature maps out, finest first. */
  build(scope: Scope, image: Tensor): Tap[];
}
