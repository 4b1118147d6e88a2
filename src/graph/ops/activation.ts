import type { OnnxBuilder } from "../onnx/builder.ts";
import { defineOp, type Tensor } from "../tensor.ts";

export const reluOp = defineOp<[x: Tensor], undefined>({
  name: "relu",
  infer: ([x]) => ({ shape: x.shape }),
  gradient: ({ output }, dy) => [maskOp([output, dy], { upper: Number.POSITIVE_INFINITY })],
  onnx: ({ inputs: [x] }, onnx) => onnx.node("Relu", [onnx.name(x)]),
});

export const relu6Op = defineOp<[x: Tensor], undefined>({
  name: "relu6",
  infer: ([x]) => ({ shape: x.shape }),
  gradient: ({ output }, dy) => [maskOp([output, dy], { upper: 6 })],
  onnx: ({ inputs: [x] }, onnx) => onnx.node("Clip", [onnx.name(x), onnx.float(0), onnx.float(6)]),
});

/**
 * `dy` where `0 < y < upper`, else 0, where `y` is the value that was clipped to `[0, upper]`.
 *
 * A clipped value is strictly inside exactly where the unclipped one was, so the gradient needs only the output
 * and the engine may fuse the activation into the convolution before it. HardSigmoid with a slope of 1e30
 * turns `y (upper - y) > 0` into 0 or 1 in one pass; comparisons are several times slower.
 */
const maskOp = defineOp<[y: Tensor, dy: Tensor], { upper: number }>({
  name: "activationMask",
  infer: ([y]) => ({ shape: y.shape }),
  onnx({ inputs: [y, dy], attributes: { upper } }, onnx) {
    const value = onnx.name(y);
    const inside =
      upper === Number.POSITIVE_INFINITY
        ? value
        : onnx.node("Mul", [value, onnx.node("Sub", [onnx.float(upper), value])]);
    const mask = onnx.node("HardSigmoid", [inside], { alpha: { float: 1e30 }, beta: { float: 0 } });
    return onnx.node("Mul", [mask, onnx.name(dy)]);
  },
});

/** `max(x, 0)`. The derivative at 0 is 0, as in PyTorch. */
export function relu(x: Tensor): Tensor {
  return reluOp([x], undefined);
}

/** `min(max(x, 0), 6)` (Howard et al. 2017). The derivative at 0 and at 6 is 0, as in PyTorch. */
export function relu6(x: Tensor): Tensor {
  return relu6Op([x], undefined);
}

const geluOp = defineOp<[x: Tensor], undefined>({
  name: "gelu",
  infer: ([x]) => ({ shape: x.shape }),
  gradient: ({ inputs: [x] }, dy) => [geluGradientOp([x, dy], undefined)],
  onnx({ inputs: [x] }, onnx) {
    return onnx.node("Mul", [onnx.name(x), normalDistribution(onnx, onnx.name(x))]);
  },
});

/** With P the distribution and p the density of the standard normal distribution: `(x P(x))' = P(x) + x p(x)`. */
const geluGradientOp = defineOp<[x: Tensor, dy: Tensor], undefined>({
  name: "geluGradient",
  infer: ([x]) => ({ shape: x.shape }),
  onnx({ inputs: [x, dy] }, onnx) {
    const value = onnx.name(x);
    const square = onnx.node("Mul", [onnx.node("Mul", [value, value]), onnx.float(-0.5)]);
    const density = onnx.node("Mul", [onnx.node("Exp", [square]), onnx.float(1 / Math.sqrt(2 * Math.PI))]);
    const slope = onnx.node("Add", [normalDistribution(onnx, value), onnx.node("Mul", [value, density])]);
    return onnx.node("Mul", [slope, onnx.name(dy)]);
  },
});

/** `P(x) = (1 + erf(x / sqrt 2)) / 2` */
function normalDistribution(onnx: OnnxBuilder, value: string): string {
  const error = onnx.node("Erf", [onnx.node("Mul", [value, onnx.float(Math.SQRT1_2)])]);
  return onnx.node("Mul", [onnx.node("Add", [error, onnx.float(1)]), onnx.float(0.5)]);
}

/** `x P(x)` with the distribution P of the standard normal distribution, exactly (Hendrycks & Gimpel 2016). */
export function gelu(x: Tensor): Tensor {
  return geluOp([x], undefined);
}
