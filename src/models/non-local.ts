import { add, multiply, subtract } from "../graph/ops/elementwise.ts";
import { flatten, unflatten } from "../graph/ops/flatten.ts";
import { matmul } from "../graph/ops/matmul.ts";
import { mean } from "../graph/ops/mean.ts";
import { softmax } from "../graph/ops/softmax.ts";
import { channelsOf } from "../graph/shape.ts";
import { scalar, type Tensor } from "../graph/tensor.ts";
import { conv, normalize } from "./layers.ts";
import type { Scope } from "./scope.ts";

/** How much narrower the inside of the block is than its input. */
const REDUCTION = 2;
const TEMPERATURE = 0.05;

/**
 * Disentangled non-local block (Yin et al., "Disentangled Non-Local Neural Networks", ECCV 2020). Every pixel
 * gathers values g from all pixels, by similarity (pairwise: theta and phi, less their means over the map)
 * and by saliency (unary: `conv_mask`):
 *
 *   x + bn(conv_out(g softmax(theta phi / sqrt(C / 2) / 0.05) + g softmax(mask)))
 *
 * One convolution serves both branches, since it is linear. There are no biases: whitening and softmax cancel
 * those of theta, phi and the mask, batch norm that of g.
 */
export function disentangledNonLocal(scope: Scope, x: Tensor): Tensor {
  const inside = Math.floor(channelsOf("disentangledNonLocal", x) / REDUCTION);
  const project = (name: string, channels: number) => flatten(conv(scope.at(name), x, { channels }));
  const theta = whiten(project("theta", inside));
  const phi = whiten(project("phi", inside));
  const g = project("g", inside);

  const scaled = multiply(theta, scalar(1 / (Math.sqrt(inside) * TEMPERATURE)));
  const attention = softmax(matmul(scaled, phi, { transposeA: true }));
  const pairwise = matmul(g, attention, { transposeB: true });
  const unary = matmul(g, softmax(project("conv_mask", 1)), { transposeB: true });

  const gathered = unflatten(add(pairwise, unary), { like: x });
  const out = scope.at("conv_out");
  const y = conv(out.at("conv"), gathered, { channels: channelsOf("disentangledNonLocal", x) });
  return add(x, normalize(out.at("bn"), y));
}

/** Takes away the mean over all pixels: `[N, C, P]`. */
function whiten(x: Tensor): Tensor {
  return subtract(x, mean(x, [2], { keepDims: true }));
}
