import { defineOp } from "../op.ts";
import { shape4 } from "../shape.ts";
import { constant, type Tensor } from "../tensor.ts";
import { convolutionDataGradient } from "./convolution-data-gradient.ts";
import { multiply } from "./elementwise.ts";
import {
  countPooled,
  coverRegion,
  describePooling,
  type PoolingAttributes,
  type PoolingOptions,
  pooledShape,
} from "./window.ts";

const averagePoolOp = defineOp<[x: Tensor], PoolingAttributes>({
  name: "averagePool",
  infer: ([x], attributes) => ({ shape: pooledShape("averagePool", x, attributes) }),
  // y[p] is the sum of its window over the count[p] values that lie in the map, so dx[q] is the sum of dy[p]
  // / count[p] over the windows p that hold q: the data gradient of a depthwise convolution whose weights are
  // all 1.
  gradient({ inputs: [x], attributes: { kernel, stride, padding }, output }, dy) {
    const [, channels, height, width] = shape4("averagePool", x);
    const [, , outHeight, outWidth] = shape4("averagePool", output);
    const rows = windowCounts(height, outHeight, { kernel, stride, padding });
    const columns = windowCounts(width, outWidth, { kernel, stride, padding });
    const share = Float32Array.from(rows.flatMap((row) => columns.map((column) => 1 / (row * column))));
    const ones = new Float32Array(channels * kernel ** 2).fill(1);
    return [
      convolutionDataGradient(
        multiply(dy, constant(share, [1, 1, outHeight, outWidth])),
        constant(ones, [channels, 1, kernel, kernel]),
        x,
        { stride: [stride, stride], padding: [padding, padding], dilation: [1, 1], groups: channels },
      ),
    ];
  },
  onnx({ inputs: [x], attributes: { kernel, stride, padding } }, onnx) {
    return onnx.node("AveragePool", [x], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      count_include_pad: 0,
    });
  },
  reads: ({ attributes }, region) => [coverRegion(region, attributes)],
  describe: ({ attributes }) => describePooling(attributes),
  pooledValues: ({ output, attributes: { kernel } }) => countPooled("averagePool", output, kernel),
});

/** How many of each window's rows (or columns) lie in a map of this size. */
function windowCounts(
  size: number,
  windows: number,
  { kernel, stride, padding }: PoolingAttributes,
): number[] {
  return Array.from({ length: windows }, (_, index) => {
    const start = index * stride - padding;
    return Math.min(start + kernel, size) - Math.max(start, 0);
  });
}

/** The mean of each window, over the values in the map alone: padding does not count. */
export function averagePool(x: Tensor, { kernel, stride = 1, padding = 0 }: PoolingOptions): Tensor {
  return averagePoolOp([x], { kernel, stride, padding });
}
