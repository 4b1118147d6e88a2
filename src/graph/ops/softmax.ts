import { defineOp, type Tensor } from "../tensor.ts";
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
  onnx: ({ inputs: [x] }, onnx) => onnx.node("Softmax", [onnx.name(x)], { axis: -1 }),
});

/** `exp(x) / sum of exp(x)` along the last axis. */
export function softmax(x: Tensor): Tensor {
  return softmaxOp([x], undefined);
}
