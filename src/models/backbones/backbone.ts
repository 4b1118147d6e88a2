import type { Tensor } from "../../graph/tensor.ts";
import type { Scope } from "../scope.ts";

/** A feature map that a backbone offers to a decoder. */
export interface Tap {
  /** `[N, C, H / stride, W / stride]`, rounded up. */
  readonly features: Tensor;
  readonly stride: number;
  /** Number of the stage in the official names, e.g. 8 for `layer8`. */
  readonly stage: number;
}

/** The encoder half of a network: a photo `[N, 3, H, W]` in, feature maps out, finest first. */
export interface Backbone {
  readonly name: string;
  build(scope: Scope, image: Tensor): Tap[];
}
