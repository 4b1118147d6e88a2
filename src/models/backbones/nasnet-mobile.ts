import { relu } from "../../graph/ops/activation.ts";
import { averagePool } from "../../graph/ops/average-pooling.ts";
import { concat, slice } from "../../graph/ops/concat.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { maxPool } from "../../graph/ops/pooling.ts";
import { channelsOf } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { conv, normalize } from "../layers.ts";
import type { Scope } from "../scope.ts";
import type { Backbone, Tap } from "./backbone.ts";

/** Filters of the first normal cells: 1056 / 24, after the width of the last cell (NASNet-A 4 @ 1056). */
const FILTERS = 44;
const STEM_FILTERS = 32;
const EPSILON = 1e-3;

/**
 * NASNet-A-Mobile without its classifier (Zoph et al. 2018, Appendix A.4).
 *
 * Official names are those of Cadene's pretrained-models: `conv0`, `cell_stem_0`, `cell_0` .. `cell_15`,
 * `reduction_cell_0` and so on. That code was converted from TensorFlow, whose padding of even maps has one
 * pixel less before than after; it fails on odd maps. Here odd maps are padded as even ones. (TensorFlow pads
 * odd maps evenly, but a symbolic size is neither odd nor even.) The first convolution has no padding: photos
 * must have 3x3 pixels at least.
 *
 * Which cells the paper's decoder reads is not known. Here, as for MobileNet-v2, it reads an early and the
 * last cell of each resolution, and one of the finest: `cell_stem_0`; `cell_stem_1` and `cell_3`; `cell_6`
 * and `cell_9`; `cell_12` and `cell_15`. RefineNet-LW-NASNet-Mobile then has the published 11.4 G operations
 * (`lightseg info --paper`), but other choices come as near.
 */
export const nasnetMobile: Backbone = {
  // That of the published weights; values lie in -1..1.
  preprocessing: { scale: 1 / 255, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  build(scope, image) {
    const stem = conv(scope.at("conv0").at("conv"), image, {
      channels: STEM_FILTERS,
      kernel: 3,
      stride: 2,
      padding: 0,
    });
    // The two latest cells, of which the next one reads both.
    const first = norm(scope.at("conv0").at("bn"), stem);
    scope.at("conv0").block("stem", { inputs: [image], output: first });
    let previous: Cell = { features: first, stride: 2 };
    let current = stemCell(scope.at("cell_stem_0"), previous, FILTERS / 4);
    scope.at("cell_stem_0").block("reduction cell", { inputs: [first], output: current.features });
    const taps: Tap[] = [];
    const tap = () => taps.push({ ...current, stage: taps.length + 1 });
    const then = (name: string, make: typeof normalCell, filters: number) => {
      const next = make(scope.at(name), previous, current, filters);
      const inputs = [previous.features, current.features];
      const kind = next.stride === current.stride ? "normal cell" : "reduction cell";
      scope.at(name).block(kind, { inputs, output: next.features });
      [previous, current] = [current, next];
    };
    const normalCells = (numbers: readonly number[], filters: number) => {
      for (const number of numbers) then(`cell_${number}`, normalCell, filters);
    };

    tap();
    then("cell_stem_1", reductionCell, FILTERS / 2);
    tap();
    normalCells([0, 1, 2, 3], FILTERS);
    tap();
    then("reduction_cell_0", reductionCell, 2 * FILTERS);
    normalCells([6], 2 * FILTERS);
    tap();
    normalCells([7, 8, 9], 2 * FILTERS);
    tap();
    then("reduction_cell_1", reductionCell, 4 * FILTERS);
    normalCells([12], 4 * FILTERS);
    tap();
    normalCells([13, 14, 15], 4 * FILTERS);
    tap();
    return taps;
  },
};

interface Cell {
  readonly features: Tensor;
  /** Of the photo's pixels. */
  readonly stride: number;
}

/** The five pairs of Fig. 4 there, left; `h` is the latest cell and `p` the one before, both projected. */
function normalCell(scope: Scope, previous: Cell, current: Cell, filters: number): Cell {
  const h = project(scope.at("conv_1x1"), current.features, filters);
  const p = projectPrevious(scope, previous, current, filters);
  const separate = (name: string, x: Tensor, kernel: number) =>
    separable(scope.at(`comb_iter_${name}`), x, { kernel, channels: filters });
  const pairs = [
    add(separate("0_left", h, 5), separate("0_right", p, 3)),
    add(separate("1_left", p, 5), separate("1_right", p, 3)),
    add(average(h), p),
    add(average(p), average(p)),
    add(separate("4_left", h, 3), h),
  ];
  return { features: concat([p, ...pairs]), stride: current.stride };
}

function reductionCell(scope: Scope, previous: Cell, current: Cell, filters: number): Cell {
  const h = project(scope.at("conv_1x1"), current.features, filters);
  const p = projectPrevious(scope, previous, current, filters);
  return { features: reduce(scope, h, p, { filters, lag: 1 }), stride: 2 * current.stride };
}

/** The first cell. It has no cell before it, and its maps are padded alike on both sides. */
function stemCell(scope: Scope, { features, stride }: Cell, filters: number): Cell {
  const h = project(scope.at("conv_1x1"), features, filters);
  return { features: reduce(scope, h, features, { filters, lag: 0 }), stride: 2 * stride };
}

/** The five pairs of Fig. 4 there, right, which halve the map. */
function reduce(
  scope: Scope,
  h: Tensor,
  p: Tensor,
  { filters, lag }: { filters: number; lag: number },
): Tensor {
  const halve = (name: string, x: Tensor, kernel: number) =>
    separable(scope.at(`comb_iter_${name}`), x, { kernel, channels: filters, stride: 2, lag });
  const window = { kernel: 3, stride: 2, padding: 1 + lag };
  const largest = skip(maxPool(h, window), lag);
  const a = add(halve("0_left", h, 5), halve("0_right", p, 7));
  const b = add(largest, halve("1_right", p, 7));
  const c = add(skip(averagePool(h, window), lag), halve("2_right", p, 5));
  const d = add(average(a), b);
  const e = add(separable(scope.at("comb_iter_4_left"), a, { kernel: 3, channels: filters }), largest);
  return concat([b, c, d, e]);
}

/** ReLU, depthwise and 1x1 convolution, batch norm, twice; the first depthwise convolution has the stride. */
function separable(
  scope: Scope,
  x: Tensor,
  options: { kernel: number; channels: number; stride?: number; lag?: number },
): Tensor {
  const { kernel, channels, stride = 1, lag = 0 } = options;
  const half = (number: 1 | 2, input: Tensor, stride: number, lag: number) => {
    const place = scope.at(`separable_${number}`);
    const groups = channelsOf("separable", input);
    const padding = (kernel - 1) / 2 + lag;
    const filtered = conv(place.at("depthwise_conv2d"), relu(input), {
      channels: groups,
      groups,
      kernel,
      stride,
      padding,
    });
    const mixed = conv(place.at("pointwise_conv2d"), skip(filtered, lag), { channels });
    return norm(scope.at(`bn_sep_${number}`), mixed);
  };
  return half(2, half(1, x, stride, lag), 1, 0);
}

/** ReLU, 1x1 convolution, batch norm. */
function project(scope: Scope, x: Tensor, channels: number): Tensor {
  return norm(scope.at("bn"), conv(scope.at("conv"), relu(x), { channels }));
}

/** Projects the cell before the last. Where the last is half as large, halves it at two pixel offsets. */
function projectPrevious(scope: Scope, previous: Cell, current: Cell, channels: number): Tensor {
  if (previous.stride === current.stride)
    return project(scope.at("conv_prev_1x1"), previous.features, channels);
  const x = relu(previous.features);
  const path = (number: 1 | 2, lag: number) => {
    const options = { channels: channels / 2, stride: 2, padding: lag };
    return skip(conv(scope.at(`path_${number}`).at("conv"), x, options), lag);
  };
  return norm(scope.at("final_path_bn"), concat([path(1, 0), path(2, 1)]));
}

/**
 * Drops the first rows and columns of a map. With a padding larger by `lag` (and stride 2) each window then
 * lies `lag` pixels further on. The official code pads more after a map than before it in this way.
 */
function skip(x: Tensor, lag: number): Tensor {
  return lag === 0 ? x : slice(slice(x, { axis: 2, start: lag }), { axis: 3, start: lag });
}

function average(x: Tensor): Tensor {
  return averagePool(x, { kernel: 3, padding: 1 });
}

function norm(scope: Scope, x: Tensor): Tensor {
  return normalize(scope, x, { epsilon: EPSILON });
}
