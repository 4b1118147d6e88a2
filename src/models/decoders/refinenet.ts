import { relu } from "../../graph/ops/activation.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { resize } from "../../graph/ops/resize.ts";
import { channelsOf } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Tap } from "../backbones/backbone.ts";
import { chainedResidualPooling, conv, drop, type ResidualConvUnit, residualConvUnits } from "../layers.ts";
import type { Decoder } from "./decoder.ts";

/** Channels of the coarsest level and of all others. */
const COARSEST_WIDTH = 512;
const WIDTH = 256;

const DROPOUT = 0.5;
/** Feature maps wider than this get dropout, as in the code of RefineNet's authors. */
const WIDEST_WITHOUT_DROPOUT = 512;

interface RefineNetOptions {
  /** Side of the kernels in reduction, chained residual pooling and fusion. */
  kernel: 1 | 3;
  /** Residual conv units before and after pooling. Defaults to none. */
  unit?: ResidualConvUnit;
  /** Whether there is chained residual pooling. Defaults to true. */
  pooling?: boolean;
  /** Whether there is dropout before the classifier too. Defaults to false. */
  dropBeforeClassifier?: boolean;
}

/**
 * The cascade of RefineNet (Lin et al., CVPR 2017; Fig. 1a of the light-weight paper). The light-weight forms
 * are special cases.
 *
 * From coarse to fine, one level for each stride. The deepest feature map of that stride is reduced, passes
 * two residual conv units (RCU), is adapted and summed with the coarser level (fusion); ReLU; chained
 * residual pooling (CRP); three RCUs; but for the finest level, a convolution and bilinear upsampling to the
 * next finer map. A 3x3 convolution classifies. The coarsest level has no fusion, and so no adaptation.
 *
 * Official names, with N = 1 for the coarsest level: `p_ims1d2_outlN_dimred` (reduction), `adapt_stageN_b`
 * (units), `adapt_stageN_b2_joint_varout_dimred` (adaptation), `mflow_conv_gN_pool` (pooling),
 * `mflow_conv_gN_b` (units), `mflow_conv_gN_b3_joint_varout_dimred` (to the next level), `clf_conv`.
 */
function refineNetCascade(options: RefineNetOptions): Decoder {
  const { kernel, unit, pooling = true, dropBeforeClassifier = false } = options;
  const build: Decoder["build"] = (scope, taps, classes) => {
    const convolve = (name: string, x: Tensor, channels: number) =>
      conv(scope.at(name), x, { channels, kernel });
    const refine = (name: string, x: Tensor, count: number) =>
      unit ? residualConvUnits(scope.at(name).at(0), x, { count, unit }) : x;

    const [coarsest, ...finer] = deepestOfEachStride(taps).map(({ features }) =>
      channelsOf("refineNetCascade", features) > WIDEST_WITHOUT_DROPOUT
        ? drop(scope, features, DROPOUT)
        : features,
    );
    if (!coarsest) throw new RangeError("a decoder needs at least one tap");

    const pool = (level: number, fused: Tensor) => {
      const place = scope.at(`mflow_conv_g${level}_pool`).at(0);
      const active = relu(fused);
      const pooled = pooling ? chainedResidualPooling(place, active, { kernel }) : active;
      return refine(`mflow_conv_g${level}_b`, pooled, 3);
    };
    const reduce = (level: number, features: Tensor, channels: number) =>
      refine(`adapt_stage${level}_b`, convolve(`p_ims1d2_outl${level}_dimred`, features, channels), 2);

    let refined = pool(1, reduce(1, coarsest, COARSEST_WIDTH));
    for (const [index, features] of finer.entries()) {
      const level = index + 2;
      const coarser = convolve(`mflow_conv_g${level - 1}_b3_joint_varout_dimred`, refined, WIDTH);
      const upsampled = resize(coarser, { like: features, alignCorners: true });
      const reduced = reduce(level, features, WIDTH);
      const adapted = convolve(`adapt_stage${level}_b2_joint_varout_dimred`, reduced, WIDTH);
      const fused = scope.at(`fusion${level}`).block(kernel === 1 ? "light-weight fusion" : "fusion", {
        inputs: [refined, reduced, features],
        output: add(adapted, upsampled),
      });
      refined = pool(level, fused);
    }
    const last = dropBeforeClassifier ? drop(scope, refined, DROPOUT) : refined;
    return { scores: conv(scope.at("clf_conv"), last, { channels: classes, kernel: 3, bias: true }) };
  };
  return { alignCorners: false, build };
}

/** One tap for each stride, the coarsest first. */
function deepestOfEachStride(taps: readonly Tap[]): Tap[] {
  const byStride = new Map(taps.map((tap) => [tap.stride, tap]));
  return [...byStride.values()].sort((a, b) => b.stride - a.stride);
}

/** The original RefineNet: 3x3 convolutions, residual conv units, dropout before the classifier. */
export const refineNet = refineNetCascade({ kernel: 3, unit: "plain", dropBeforeClassifier: true });

/** Light-Weight RefineNet (Sec. 3.3): 1x1 convolutions but for the classifier, no residual conv units. */
export const lightWeightRefineNet = refineNetCascade({ kernel: 1 });

/** Light-Weight RefineNet with the residual conv units that it was found not to need (Sec. 3.2, Table 1). */
export const lightWeightRefineNetWithRcu = refineNetCascade({ kernel: 1, unit: "bottleneck" });

/** Ablations of Sec. 3.2 and 3.3: 1x1 convolutions without CRP, and 3x3 ones without RCUs. */
export const lightWeightRefineNetWithoutCrp = refineNetCascade({ kernel: 1, pooling: false });
export const refineNetWithoutRcu = refineNetCascade({ kernel: 3, dropBeforeClassifier: true });
