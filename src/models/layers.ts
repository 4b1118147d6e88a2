import { relu, relu6 } from "../graph/ops/activation.ts";
import { convolution } from "../graph/ops/convolution.ts";
import { dropout } from "../graph/ops/dropout.ts";
import { add } from "../graph/ops/elementwise.ts";
import { batchNorm, batchNormWithUpdate, layerNorm } from "../graph/ops/normalization.ts";
import { maxPool } from "../graph/ops/pooling.ts";
import { channelsOf } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Scope } from "./scope.ts";

export interface ConvOptions {
  /** Channels of the result. */
  channels: number;
  /** Side of the square kernel. Defaults to 1. */
  kernel?: number;
  /** Defaults to 1. */
  stride?: number;
  /** Defaults to 1. */
  dilation?: number;
  /** Defaults to 1. */
  groups?: number;
  /** Zeros on each side. Defaults to as many as keep the size at stride 1. */
  padding?: number;
  /** Defaults to false. */
  bias?: boolean;
}

/** A convolution with `weight` (and `bias`). */
export function conv(scope: Scope, x: Tensor, options: ConvOptions): Tensor {
  const { channels, kernel = 1, stride = 1, dilation = 1, groups = 1, bias = false } = options;
  const inputs = channelsOf("conv", x) / groups;
  const initialization = { kind: "uniform", fanIn: inputs * kernel * kernel } as const;
  return convolution(x, scope.parameter("weight", [channels, inputs, kernel, kernel], { initialization }), {
    ...(bias && { bias: scope.parameter("bias", [channels], { initialization }) }),
    stride,
    dilation,
    groups,
    padding: options.padding ?? (dilation * (kernel - 1)) / 2,
  });
}

/** PyTorch's momentum: the share of the batch in the stored statistics. */
const BATCH_NORM_MOMENTUM = 0.1;

/** Batch norm, frozen or trained as the scope says. `epsilon` is added to the variance; defaults to 1e-5. */
export function normalize(scope: Scope, x: Tensor, { epsilon = 1e-5 } = {}): Tensor {
  const channels = [channelsOf("normalize", x)];
  const stored = (value: number) =>
    ({ initialization: { kind: "constant", value }, trainable: false }) as const;
  const parameters = {
    gamma: scope.parameter("weight", channels, { initialization: { kind: "constant", value: 1 } }),
    beta: scope.parameter("bias", channels, { initialization: { kind: "constant", value: 0 } }),
    runningMean: scope.parameter("running_mean", channels, stored(0)),
    runningVariance: scope.parameter("running_var", channels, stored(1)),
    epsilon,
  };
  if (scope.batchNorm === "frozen") return batchNorm(x, parameters);
  const { y, runningMean, runningVariance } = batchNormWithUpdate(x, parameters, BATCH_NORM_MOMENTUM);
  scope.update("running_mean", runningMean);
  scope.update("running_var", runningVariance);
  return y;
}

/** Layer norm over the channels of each pixel. */
export function layerNormalize(scope: Scope, x: Tensor): Tensor {
  const channels = [channelsOf("layerNormalize", x)];
  return layerNorm(x, {
    gamma: scope.parameter("weight", channels, { initialization: { kind: "constant", value: 1 } }),
    beta: scope.parameter("bias", channels, { initialization: { kind: "constant", value: 0 } }),
  });
}

/** A depthwise 3x3 convolution (`dwconv`), a 1x1 convolution (`pwconv`), batch norm (`bn`). */
export function separableConv(
  scope: Scope,
  x: Tensor,
  { channels, stride = 1, dilation = 1 }: { channels: number; stride?: number; dilation?: number },
): Tensor {
  const inputs = channelsOf("separableConv", x);
  const filtered = conv(scope.at("dwconv"), x, {
    channels: inputs,
    groups: inputs,
    kernel: 3,
    stride,
    dilation,
  });
  return normalize(scope.at("bn"), conv(scope.at("pwconv"), filtered, { channels }));
}

/** Convolution `0`, batch norm `1`, ReLU6: the unit of MobileNet-v2. */
export function convBnRelu6(scope: Scope, x: Tensor, options: ConvOptions): Tensor {
  return relu6(normalize(scope.at(1), conv(scope.at(0), x, options)));
}

/** Dropout of the share `rate`, 0 to below 1, in training; the identity at inference. */
export function drop(scope: Scope, x: Tensor, rate: number): Tensor {
  const kept = scope.dropoutMask(x.shape, rate);
  return kept ? dropout(x, kept, { rate }) : x;
}

/** A residual conv unit: two 3x3 convolutions (Fig. 1b), or a bottleneck 1x1, 3x3, 1x1 (Fig. 1e). */
export type ResidualConvUnit = "plain" | "bottleneck";

/**
 * A chain of residual conv units (RCU): `x + conv(relu(... conv(relu(x))))`, without batch norm.
 *
 * The first convolution of a unit has a bias, the others none. The paper does not state the bottleneck's
 * width. Half is inferred: RefineNet-LW-with-RCU-101 then has the 54 M parameters and 76 G operations of
 * Table 1 (a quarter gives 49 M).
 */
export function residualConvUnits(
  scope: Scope,
  x: Tensor,
  { count, unit }: { count: number; unit: ResidualConvUnit },
): Tensor {
  const channels = channelsOf("residualConvUnits", x);
  const half = channels / 2;
  const convolutions =
    unit === "plain"
      ? [
          { name: "conv", channels, kernel: 3, bias: true },
          { name: "conv_relu_varout_dimred", channels, kernel: 3 },
        ]
      : [
          { name: "conv", channels: half, kernel: 1, bias: true },
          { name: "conv_relu", channels: half, kernel: 3 },
          { name: "conv_relu_varout_dimred", channels, kernel: 1 },
        ];
  let sum = x;
  for (let block = 1; block <= count; block++) {
    let y = sum;
    for (const { name, ...options } of convolutions) y = conv(scope.at(`${block}_${name}`), relu(y), options);
    sum = add(y, sum);
  }
  return scope.block(unit === "plain" ? "RCU" : "light-weight RCU", {
    inputs: [x],
    output: sum,
    repeats: count,
  });
}

/**
 * Chained residual pooling, CRP (Fig. 1c, light-weight: 1g): `x + c1 + c2 + ...`. Each `c` pools the one
 * before by 5x5 and convolves it.
 *
 * Pooling keeps the size, so each link sees context 4 pixels wider.
 */
export function chainedResidualPooling(scope: Scope, x: Tensor, { links = 4, kernel = 1 } = {}): Tensor {
  const channels = channelsOf("chainedResidualPooling", x);
  let sum = x;
  let top = x;
  for (let link = 1; link <= links; link++) {
    top = conv(scope.at(`${link}_outvar_dimred`), maxPool(top, { kernel: 5, padding: 2 }), {
      channels,
      kernel,
    });
    sum = add(sum, top);
  }
  return scope.block(kernel === 1 ? "light-weight CRP" : "CRP", { inputs: [x], output: sum });
}
