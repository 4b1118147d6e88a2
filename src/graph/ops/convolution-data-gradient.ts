/**
 * The derivative of a convolution with respect to x, in the ONNX forms that run fastest on the CPU: again a
 * convolution, but not every way to write it is equally fast.
 */
import type { OnnxInput, OnnxWriter } from "../onnx/writer.ts";
import { defineOp } from "../op.ts";
import { shape4 } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { convNode } from "./conv-node.ts";
import { spread } from "./spread.ts";
import { type ConvolutionAttributes, eachAxis, type GradientAttributes, type Pair } from "./window.ts";

const dataGradient = defineOp<[dy: Tensor, weight: Tensor], GradientAttributes>({
  name: "convolutionDataGradient",
  infer: (_inputs, { shape }) => ({ shape }),
  onnx(call, onnx) {
    const { stride, padding, dilation } = call.attributes;
    const [, , kh, kw] = shape4("convolution", call.inputs[1]);
    const reach: Pair = [dilation[0] * (kh - 1), dilation[1] * (kw - 1)];
    const isDense = stride[0] === 1 && stride[1] === 1 && padding[0] <= reach[0] && padding[1] <= reach[1];
    // WebGPU's ConvTranspose is wrong for groups that have several outputs, and slow for others.
    if (isDense || onnx.provider === "webgpu") return correlateFlipped(call, reach, onnx);
    return transposeConvolve(call, reach, onnx);
  },
});

/**
 * dx as seen from x: `dx[i, q] = sum over o, k of weight[o, i, k] dy[o, (q + padding - dilation k) /
 * stride]`, where the quotient is a whole number and inside dy.
 */
export function convolutionDataGradient(
  dy: Tensor,
  weight: Tensor,
  x: Tensor,
  attributes: ConvolutionAttributes,
): Tensor {
  return dataGradient([dy, weight], { ...attributes, shape: shape4("convolution", x) });
}

type DataCall = { inputs: [dy: Tensor, weight: Tensor]; attributes: GradientAttributes };

/** A transposed convolution: dy with zeros between its steps, the kernel turned by 180 degrees. */
function correlateFlipped(
  { inputs: [dy, weight], attributes }: DataCall,
  reach: Pair,
  onnx: OnnxWriter,
): string {
  const { stride, padding, dilation, groups, shape } = attributes;
  const [, , height, width] = shape;
  const [o, i, kh, kw] = shape4("convolution", weight);
  let kernel: OnnxInput = weight;
  if (kh * kw > 1) {
    // Whole axes backwards: from the last element to before the first.
    kernel = onnx.slice(kernel, {
      axes: [2, 3],
      starts: [-1, -1],
      ends: [-kh - 1, -kw - 1],
      steps: [-1, -1],
    });
  }
  if (groups === 1) kernel = onnx.transpose(kernel, [1, 0, 2, 3]);
  else if (i > 1 || o > groups) {
    const grouped = onnx.reshape(kernel, [groups, o / groups, i, kh, kw]);
    kernel = onnx.reshape(onnx.transpose(grouped, [0, 2, 1, 3, 4]), [groups * i, o / groups, kh, kw]);
  }
  const pads = eachAxis((axis) => Math.max(0, reach[axis] - padding[axis]));
  // x, its padding, and a window's width less.
  const size = eachAxis((axis) => (axis === 0 ? height : width) + 2 * padding[axis] - reach[axis]);
  const dense = spread(onnx, dy, { shape: shape4("convolution", dy), stride, size });
  // A padding beyond the kernel's reach: the border of dy saw zeros alone.
  const unseen = eachAxis((axis) => Math.max(0, padding[axis] - reach[axis]));
  const seen = unseen.some((lines) => lines > 0)
    ? onnx.node("Pad", [dense, onnx.ints([0, 0, ...unseen, 0, 0, ...unseen].map((lines) => -lines))])
    : dense;
  return convNode(onnx, [seen, kernel], {
    stride: [1, 1],
    dilation,
    groups,
    pads: [...pads, ...pads],
    shape: [groups * i, o / groups, kh, kw],
  });
}

/** Any stride: ONNX's transposed convolution, told how many rows and columns the stride had left over. */
function transposeConvolve(
  { inputs: [dy, weight], attributes }: DataCall,
  reach: Pair,
  onnx: OnnxWriter,
): string {
  const { stride, padding, dilation, groups, shape } = attributes;
  const [, , height, width] = shape;
  const [, , outHeight, outWidth] = shape4("convolution", dy);
  const leftOver = eachAxis((axis) => {
    const [size, output] = axis === 0 ? [height, outHeight] : [width, outWidth];
    return size - ((output - 1) * stride[axis] + reach[axis] + 1 - 2 * padding[axis]);
  });
  return onnx.node("ConvTranspose", [dy, weight], {
    kernel_shape: shape4("convolution", weight).slice(2),
    strides: stride,
    // Rows that the stride left over come back as zeros; a negative end padding would say the same.
    pads: [...padding, ...padding],
    output_padding: leftOver,
    dilations: dilation,
    group: groups,
  });
}
