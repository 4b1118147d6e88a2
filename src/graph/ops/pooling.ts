import type { OnnxInput } from "../onnx/writer.ts";
import { defineOp } from "../op.ts";
import { countValues, fixedShape, shape4 } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { maxPoolGradient } from "./pooling-gradient.ts";
import {
  countPooled,
  coverRegion,
  describePooling,
  type PoolingAttributes,
  type PoolingOptions,
  pooledShape,
} from "./window.ts";

const maxPoolOp = defineOp<[x: Tensor], PoolingAttributes>({
  name: "maxPool",
  infer: ([x], attributes) => ({ shape: pooledShape("maxPool", x, attributes), dtype: x.dtype }),
  // y is one of the x in its window, the first of the largest: dy goes there and nowhere else.
  gradient: ({ inputs: [x], attributes, output }, dy) => [
    maxPoolGradient(x, dy, {
      ...attributes,
      shape: shape4("maxPool", x),
      output: shape4("maxPool", output),
    }),
  ],
  onnx({ inputs: [x], attributes: { kernel, stride, padding } }, onnx) {
    const pool = (from: OnnxInput, across: 0 | 1, down: 0 | 1) =>
      onnx.node("MaxPool", [from], {
        kernel_shape: [down ? kernel : 1, across ? kernel : 1],
        strides: [down ? stride : 1, across ? stride : 1],
        pads: [down * padding, across * padding, down * padding, across * padding],
      });
    // uint8 max-pool is compute-bound: two 1-D passes (2 k reads) beat one 2-D pass (k^2). float32 is
    // memory-bound, so one pass is faster.
    return x.dtype === "uint8" ? pool(pool(x, 1, 0), 0, 1) : pool(x, 1, 1);
  },
  reads: ({ attributes }, region) => [coverRegion(region, attributes)],
  describe: ({ attributes }) => describePooling(attributes),
  pooledValues: ({ output, attributes: { kernel } }) => countPooled("maxPool", output, kernel),
  otherOperations: ({ inputs: [x] }) => countValues(fixedShape("maxPool", x.shape)),
  quantized: "inherited",
});

/** The largest value in each window. On ties the first one, row by row, gets the gradient. */
export function maxPool(x: Tensor, { kernel, stride = 1, padding = 0 }: PoolingOptions): Tensor {
  return maxPoolOp([x], { kernel, stride, padding });
}
