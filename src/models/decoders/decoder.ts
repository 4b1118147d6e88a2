import type { Tensor } from "../../graph/tensor.ts";
import type { Tap } from "../backbones/backbone.ts";
import type { Scope } from "../scope.ts";

/** The other half of a network: feature maps of a backbone, finest first, to raw scores `[N, classes, h, w]`. */
export type Decoder = (scope: Scope, taps: readonly Tap[], classes: number) => Tensor;
