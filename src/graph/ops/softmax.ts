import { defineOp } from "../op.ts";
import { featureMapShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { multiply, subtract } from "./elementwise.ts";
import { sum } from "./reduction.ts";

const softmaxOp = defineOp<[x: Tensor], undefined>({
  name: "softmax",
  infer: ([x]) => ({ shape: x.shape }),
  // dy[i] / dx[j] = y[i] ([i = j] - y[j]), so dx = y (dy - sum of dy y).
  gradient({ output }, dy) {
    const total = sum(multiply(dy, output), [output.shape.length - 1], { keepDims: true });
    return [multiply(output, subtract(dy, total))];
  },
  onnx: ({ inputs: [x] }, onnx) => onnx.node("Softmax", [x], { axis: -1 }),
});

/** `exp(x) / sum of exp(x)` along the last axis. */
export function softmax(x: Tensor): Tensor {
  return softmaxOp([x], undefined);
}

const logSoftmaxOp = defineOp<[x: Tensor], undefined>({
  name: "logSoftmax",
  infer: ([x]) => ({ shape: featureMapShape("logSoftmax", x.shape) }),
  // y[c] = x[c] - log sum exp x:  dx[c] = dy[c] - softmax(x)[c] sum of dy over the classes.
  gradient: ({ output }, dy) => [logSoftmaxGradientOp([output, dy], undefined)],
  // Spelled out: ONNX Runtime's own Softmax over an inner axis is an order of magnitude slower.
  onnx({ inputs: [x] }, onnx) {
    const shifted = onnx.node("Sub", [x, onnx.node("ReduceMax", [x], { axes: [1], keepdims: 1 })]);
    const total = onnx.sum(onnx.node("Exp", [shifted]), { axes: [1], shape: x.shape, keepDims: true });
    return onnx.node("Sub", [shifted, onnx.node("Log", [total])]);
  },
});

const logSoftmaxGradientOp = defineOp<[y: Tensor, dy: Tensor], undefined>({
  name: "logSoftmaxGradient",
  infer: ([y]) => ({ shape: y.shape }),
  onnx({ inputs: [y, dy] }, onnx) {
    const total = onnx.sum(dy, { axes: [1], shape: dy.shape, keepDims: true });
    return onnx.node("Sub", [dy, onnx.node("Mul", [onnx.node("Exp", [y]), total])]);
  },
});

/** `log softmax` over the classes of logits `[N, C, H, W]`. */
export function logSoftmax(scores: Tensor): Tensor {
  return logSoftmaxOp([scores], undefined);
}
