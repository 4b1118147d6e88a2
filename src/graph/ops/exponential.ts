import { defineOp, type Tensor } from "../tensor.ts";
import { divide, multiply } from "./elementwise.ts";

const expOp = defineOp<[x: Tensor], undefined>({
  name: "exp",
  infer: ([x]) => ({ shape: x.shape }),
  gradient: ({ output }, dy) => [multiply(dy, output)],
  onnx: ({ inputs: [x] }, onnx) => onnx.node("Exp", [onnx.name(x)]),
});

const logOp = defineOp<[x: Tensor], undefined>({
  name: "log",
  infer: ([x]) => ({ shape: x.shape }),
  gradient: ({ inputs: [x] }, dy) => [divide(dy, x)],
  onnx: ({ inputs: [x] }, onnx) => onnx.node("Log", [onnx.name(x)]),
});

/** `e` to the power of every value. */
export function exp(x: Tensor): Tensor {
  return expOp([x], undefined);
}

/** The natural logarithm of every value, which must be above 0. */
export function log(x: Tensor): Tensor {
  return logOp([x], undefined);
}
