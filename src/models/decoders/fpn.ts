import { relu } from "../../graph/ops/activation.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { resize } from "../../graph/ops/resize.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { type ConvOptions, conv, normalize } from "../layers.ts";
import type { Scope } from "../scope.ts";

/** Channels of every level of the pyramid, and of the head that sums them. */
const PYRAMID_WIDTH = 256;
const HEAD_WIDTH = 128;

/**
 * Feature pyramid (Lin et al., "Feature Pyramid Networks", CVPR 2017): a 1x1 convolution brings each level to
 * one width (`lateral_convs`), the coarser sum is added, and a 3x3 convolution smooths the result
 * (`fpn_convs`).
 *
 * Sums are brought to the finer size by bilinear resizing, where the paper repeats the nearest value.
 *
 * @param levels feature maps, finest first
 * @returns one map of 256 channels for each
 */
export function featurePyramid(scope: Scope, levels: readonly Tensor[]): Tensor[] {
  const convolve = (name: string, index: number, x: Tensor, kernel: number) =>
    conv(scope.at(name).at(index).at("conv"), x, { channels: PYRAMID_WIDTH, kernel, bias: true });
  const laterals = levels.map((features, index) => convolve("lateral_convs", index, features, 1));
  const sums: Tensor[] = [];
  for (const lateral of laterals.toReversed()) {
    const [coarser] = sums;
    sums.unshift(coarser ? add(lateral, resize(coarser, { like: lateral, alignCorners: false })) : lateral);
  }
  return sums.map((sum, index) => convolve("fpn_convs", index, sum, 3));
}

/**
 * The head of Semantic FPN (Kirillov et al., "Panoptic Feature Pyramid Networks", CVPR 2019, Fig. 3). Each
 * level is brought to the finest size by 3x3 convolution, batch norm, ReLU and resizing, one level at a time;
 * all are summed.
 *
 * @param levels maps of a pyramid, finest first
 * @returns one map of 128 channels at the size of the finest
 */
export function sumLevels(scope: Scope, levels: readonly Tensor[]): Tensor {
  const filter = (place: Scope, x: Tensor) => convBnRelu(place, x, { channels: HEAD_WIDTH, kernel: 3 });
  const climbed = levels.map((level, index) => {
    const place = scope.at(index);
    const finer = levels.slice(0, index).toReversed();
    if (finer.length === 0) return filter(place.at(0), level);
    return finer.reduce(
      (x, like, step) => resize(filter(place.at(step), x), { like, alignCorners: false }),
      level,
    );
  });
  return scope.block("Semantic FPN head", { inputs: levels, output: climbed.reduce(add) });
}

/** Convolution `conv`, batch norm `bn`, ReLU. */
export function convBnRelu(scope: Scope, x: Tensor, options: ConvOptions): Tensor {
  return relu(normalize(scope.at("bn"), conv(scope.at("conv"), x, options)));
}
