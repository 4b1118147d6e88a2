import { countValues, featureMapShape, fixedShape, slideWindow } from "../shape.ts";
import { constant, defineOp, type Tensor } from "../tensor.ts";
import { convolutionDataGradient } from "./convolution-gradient.ts";
import { multiply } from "./elementwise.ts";
import { checkPadding, type PoolingAttributes } from "./pooling.ts";

export const averagePoolOp = defineOp<[x: Tensor], PoolingAttributes>({
  name: "averagePool",
  infer([x], attributes) {
    checkPadding("averagePool", attributes);
    const { kernel, stride, padding } = attributes;
    const [n, c, h, w] = featureMapShape("averagePool", x.shape);
    const slide = (size: typeof h) =>
      slideWindow("averagePool", size, { kernel, stride, dilation: 1, padding: 2 * padding });
    return { shape: [n, c, slide(h), slide(w)] };
  },
  // y[p] is the sum of its window over the count[p] values that lie in the map, so dx[q] is the sum of dy[p] / count[p] over the
  // windows p that hold q: the data gradient of a depthwise convolution whose weights are all 1.
  gradient({ inputs: [x], attributes: { kernel, stride, padding }, output }, dy) {
    const [, channels = 1, height = 1, width = 1] = fixedShape("averagePool", x.shape);
    const [, , outHeight = 1, outWidth = 1] = fixedShape("averagePool", output.shape);
    const rows = windowCounts(height, outHeight, { kernel, stride, padding });
    const columns = windowCounts(width, outWidth, { kernel, stride, padding });
    const share = Float32Array.from(rows.flatMap((row) => columns.map((column) => 1 / (row * column))));
    const weight = [channels, 1, kernel, kernel];
    return [
      convolutionDataGradient(
        multiply(dy, constant(share, [1, 1, outHeight, outWidth])),
        constant(new Float32Array(countValues(weight)).fill(1), weight),
        x,
        {
          stride: [stride, stride],
          padding: [padding, padding],
          dilation: [1, 1],
          groups: channels,
        },
      ),
    ];
  },
  onnx({ inputs: [x], attributes: { kernel, stride, padding } }, onnx) {
    return onnx.node("AveragePool", [onnx.name(x)], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      count_include_pad: 0,
    });
  },
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

/** The mean of each window, over the values in the map alone: padding does not count. Stride defaults to 1 and padding to 0. */
export function averagePool(
  x: Tensor,
  { kernel, stride = 1, padding = 0 }: { kernel: number; stride?: number; padding?: number },
): Tensor {
  return averagePoolOp([x], { kernel, stride, padding });
}
