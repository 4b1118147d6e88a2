import { invalidGraph } from "../invalid-graph.ts";
import { defineOp } from "../op.ts";
import { countValues, featureMapShape, fixedShape, formatShape, shape4 } from "../shape.ts";
import { scalar, type Tensor } from "../tensor.ts";
import { add, divide, multiply, squareRoot, subtract } from "./elementwise.ts";
import { mean } from "./mean.ts";
import { channelSum, reshape } from "./reduction.ts";

interface BatchNormAttributes {
  /** Added to the variance. */
  readonly epsilon: number;
  /** Whether mean and variance are constants of the network or were measured on x itself. */
  readonly statistics: "stored" | "batch";
}

type Inputs = [x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor];

/** `y = gamma (x - mean) / sqrt(variance + epsilon) + beta`, channel by channel (Ioffe & Szegedy 2015). */
export const batchNormOp = defineOp<Inputs, BatchNormAttributes>({
  name: "batchNorm",
  infer([x, ...perChannel]) {
    const [, channels] = featureMapShape("batchNorm", x.shape);
    for (const { shape } of perChannel) {
      if (shape.length === 1 && shape[0] === channels) continue;
      const argument = "gamma, beta, mean and variance";
      throw invalidGraph("batchNorm", argument, `must be [${channels}]`, formatShape(shape));
    }
    return { shape: x.shape };
  },

  // With r = 1 / sqrt(variance + epsilon) and n = (x - mean) r, y = gamma n + beta:
  //   dgamma = sum dy n,   dbeta = sum dy,   dx = gamma r dy             for stored statistics, and
  //   dx = gamma r (dy - dbeta / M - n dgamma / M)   for those of the batch, since the M values of a
  // channel also act through its mean and variance. That path is all in dx here: mean and variance get no
  // derivative.
  gradient({ inputs: [x, gamma, , average, variance], attributes: { epsilon, statistics } }, dy) {
    const r = divide(scalar(1), squareRoot(add(variance, scalar(epsilon))));
    const normalized = multiply(subtract(x, perChannel(average)), perChannel(r));
    const dgamma = channelSum(multiply(dy, normalized));
    const dbeta = channelSum(dy);
    const scale = perChannel(multiply(gamma, r));
    if (statistics === "stored") return [multiply(dy, scale), dgamma, dbeta];
    const share = scalar(1 / valuesPerChannel(x));
    const centered = subtract(dy, perChannel(multiply(dbeta, share)));
    const dx = subtract(centered, multiply(normalized, perChannel(multiply(dgamma, share))));
    return [multiply(dx, scale), dgamma, dbeta];
  },

  onnx({ inputs, attributes: { epsilon } }, onnx) {
    return onnx.node("BatchNormalization", inputs, { epsilon: { float: epsilon } });
  },
  otherOperations: ({ output }) => 2 * countValues(fixedShape("batchNorm", output.shape)),
});

export interface BatchNormParameters {
  /** Each `[C]`. */
  gamma: Tensor;
  beta: Tensor;
  runningMean: Tensor;
  runningVariance: Tensor;
  /** Defaults to 1e-5. */
  epsilon?: number;
}

/** Batch norm with the stored statistics, as at inference and in training with frozen batch norm. */
export function batchNorm(
  x: Tensor,
  { gamma, beta, runningMean, runningVariance, epsilon = 1e-5 }: BatchNormParameters,
): Tensor {
  return batchNormOp([x, gamma, beta, runningMean, runningVariance], { epsilon, statistics: "stored" });
}

/**
 * Batch norm with the statistics of the batch, and what the stored ones become: `(1 - momentum) running +
 * momentum measured`, where the measured variance is the unbiased one, as in PyTorch.
 */
export function batchNormWithUpdate(
  x: Tensor,
  { gamma, beta, runningMean, runningVariance, epsilon = 1e-5 }: BatchNormParameters,
  momentum: number,
): { y: Tensor; runningMean: Tensor; runningVariance: Tensor } {
  const average = mean(x, [0, 2, 3]);
  const centered = subtract(x, perChannel(average));
  const variance = mean(multiply(centered, centered), [0, 2, 3]);
  const m = valuesPerChannel(x);
  const blend = (running: Tensor, measured: Tensor, factor: number) =>
    add(multiply(running, scalar(1 - momentum)), multiply(measured, scalar(momentum * factor)));
  return {
    y: batchNormOp([x, gamma, beta, average, variance], { epsilon, statistics: "batch" }),
    runningMean: blend(runningMean, average, 1),
    runningVariance: blend(runningVariance, variance, m / Math.max(1, m - 1)),
  };
}

/**
 * Layer norm over the channels of each pixel: `gamma (x - m) / sqrt(v + epsilon) + beta`, with mean m and
 * variance v of the pixel's values (Ba et al. 2016). Made of other ops, so its gradient is theirs.
 *
 * @param gamma `[C]`
 * @param beta `[C]`
 */
export function layerNorm(
  x: Tensor,
  { gamma, beta, epsilon = 1e-5 }: { gamma: Tensor; beta: Tensor; epsilon?: number },
): Tensor {
  const centered = subtract(x, mean(x, [1], { keepDims: true }));
  const variance = mean(multiply(centered, centered), [1], { keepDims: true });
  const normalized = divide(centered, squareRoot(add(variance, scalar(epsilon))));
  return add(multiply(normalized, perChannel(gamma)), perChannel(beta));
}

/** `[C]` as `[C, 1, 1]`, so that it broadcasts over a feature map. */
function perChannel(vector: Tensor): Tensor {
  return reshape(vector, [...vector.shape, 1, 1]);
}

function valuesPerChannel(x: Tensor): number {
  const [n, , h, w] = shape4("batchNorm", x);
  return n * h * w;
}
