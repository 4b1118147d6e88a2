import type { OnnxInput, OnnxWriter } from "../onnx/writer.ts";
import { defineOp } from "../op.ts";
import { countValues, featureMapShape, fixedShape } from "../shape.ts";
import { constant, scalar, type Tensor } from "../tensor.ts";
import { convolution, convolutionOp } from "./convolution.ts";
import { add, subtract } from "./elementwise.ts";
import { defineUnary, type UnaryOp } from "./unary.ts";

/** `max(x, 0)`. The derivative at 0 is 0, as in PyTorch. */
export const relu = defineUnary(
  {
    name: "relu",
    onnx: "Relu",
    gradient: (dy, y) => maskOp([y, dy], { upper: Number.POSITIVE_INFINITY }),
    value: (x) => Math.max(x, 0),
  },
  {
    inPlace: true,
    quantized: "absorbs",
    otherOperations: ({ output }) => countValues(fixedShape("relu", output.shape)),
  },
);

/** `min(max(x, 0), 6)` (Howard et al. 2017). The derivative at 0 and at 6 is 0, as in PyTorch. */
export const relu6: UnaryOp = defineUnary(
  {
    name: "relu6",
    onnx: (x, onnx) => onnx.node("Clip", [x, onnx.float(0), onnx.float(6)]),
    gradient: (dy, y) => maskOp([y, dy], { upper: 6 }),
    value: (x) => Math.min(Math.max(x, 0), 6),
  },
  {
    inPlace: true,
    quantized: "absorbs",
    // ONNX Runtime keeps ReLU6 in its blocked layout (NCHWc) only when fused into a Conv. After an Add it
    // falls back to NCHW, and so does every later Add that reads it, which costs a reorder per Conv. An
    // identity depthwise 1x1 Conv in front avoids that, for one multiplication a value.
    blockedForm({ inputs: [x] }) {
      if (convolutionOp.made(x)) return undefined;
      const [, channels] = featureMapShape("relu6", x.shape);
      const ones = constant(new Float32Array(channels).fill(1), [channels, 1, 1, 1]);
      return relu6(convolution(x, ones, { groups: channels }));
    },
  },
);

/**
 * `dy` where `0 < y < upper`, else 0, where `y` is the value that was clipped to `[0, upper]`.
 *
 * A clipped value is strictly inside exactly where the unclipped one was, so the gradient needs only the
 * output and the engine may fuse the activation into the convolution before it. HardSigmoid with a slope of
 * 1e30 turns `y (upper - y) > 0` into 0 or 1 in one pass; comparisons are several times slower.
 */
const maskOp = defineOp<[y: Tensor, dy: Tensor], { upper: number }>({
  name: "activationMask",
  infer: ([y]) => ({ shape: y.shape }),
  onnx({ inputs: [y, dy], attributes: { upper } }, onnx) {
    const inside =
      upper === Number.POSITIVE_INFINITY
        ? y
        : onnx.node("Mul", [y, onnx.node("Sub", [onnx.float(upper), y])]);
    const mask = onnx.node("HardSigmoid", [inside], { alpha: { float: 1e30 }, beta: { float: 0 } });
    return onnx.node("Mul", [mask, dy]);
  },
});

/** `min(x, limit) = limit - max(0, limit - x)` */
export function atMost(x: Tensor, limit: number): Tensor {
  return subtract(scalar(limit), relu(subtract(scalar(limit), x)));
}

/** `max(x, limit) = limit + max(0, x - limit)` */
export function atLeast(x: Tensor, limit: number): Tensor {
  return add(relu(subtract(x, scalar(limit))), scalar(limit));
}

/** `x P(x)`, where P is the distribution function of the standard normal (Hendrycks & Gimpel 2016). */
export const gelu = defineUnary({
  name: "gelu",
  onnx: (x, onnx) => onnx.node("Mul", [x, normalDistribution(onnx, x)]),
  gradient: (dy, _y, x) => geluGradientOp([x, dy], undefined),
});

/** With the density p of the standard normal: `(x P(x))' = P(x) + x p(x)`. */
const geluGradientOp = defineOp<[x: Tensor, dy: Tensor], undefined>({
  name: "geluGradient",
  infer: ([x]) => ({ shape: x.shape }),
  onnx({ inputs: [x, dy] }, onnx) {
    const square = onnx.node("Mul", [onnx.node("Mul", [x, x]), onnx.float(-0.5)]);
    const density = onnx.node("Mul", [onnx.node("Exp", [square]), onnx.float(1 / Math.sqrt(2 * Math.PI))]);
    const slope = onnx.node("Add", [normalDistribution(onnx, x), onnx.node("Mul", [x, density])]);
    return onnx.node("Mul", [slope, dy]);
  },
});

/** `P(x) = (1 + erf(x / sqrt 2)) / 2` */
function normalDistribution(onnx: OnnxWriter, x: OnnxInput): string {
  const error = onnx.node("Erf", [onnx.node("Mul", [x, onnx.float(Math.SQRT1_2)])]);
  return onnx.node("Mul", [onnx.node("Add", [error, onnx.float(1)]), onnx.float(0.5)]);
}
