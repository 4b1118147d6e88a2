/** The derivative of a convolution with respect to its weight, in the ONNX forms fastest on the CPU. */
import type { OnnxInput, OnnxWriter } from "../onnx/writer.ts";
import { defineOp } from "../op.ts";
import { type Shape4, shape4 } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { correlateDepthwise, isDepthwise } from "./depthwise-gradient.ts";
import { type ConvolutionAttributes, eachAxis, type GradientAttributes, type Pair } from "./window.ts";

const weightGradient = defineOp<[x: Tensor, dy: Tensor], GradientAttributes>({
  name: "convolutionWeightGradient",
  infer: (_inputs, { shape }) => ({ shape }),
  onnx(call, onnx) {
    const { groups, shape, padding } = call.attributes;
    if (groups === 1) return multiplyShifted(call, onnx);
    const [o, i, kh, kw] = shape;
    if (onnx.provider === "webgpu" && i === 1 && o === groups) return multiplyChannels(call, onnx);
    if (!isDepthwise(shape, call.attributes)) return correlateSwapped(call, onnx);
    return correlateDepthwise(call.inputs, { kernel: [kh, kw], padding }, onnx);
  },
});

/** `dweight[o, i, k] = sum over n, p of dy[n, o, p] x[n, i, stride p + dilation k - padding]`. */
export function convolutionWeightGradient(
  x: Tensor,
  dy: Tensor,
  weight: Tensor,
  attributes: ConvolutionAttributes,
): Tensor {
  return weightGradient([x, dy], { ...attributes, shape: shape4("convolution", weight) });
}

type WeightCall = { inputs: [x: Tensor, dy: Tensor]; attributes: GradientAttributes };

/**
 * One group: for each place of the kernel, dy times the x that it met, as matrix products over the pixels.
 *
 * Stacks x once for each kernel place, shifted; or dy, where it has fewer channels (a classifier) and no
 * stride.
 */
function multiplyShifted({ inputs: [x, dy], attributes }: WeightCall, onnx: OnnxWriter): string {
  const { stride, padding, dilation, shape } = attributes;
  const [o, i, kh, kw] = shape;
  const [n, , height, width] = shape4("convolution", x);
  const [, , outHeight, outWidth] = shape4("convolution", dy);
  const places = kernelPlaces(kh, kw);
  const reach: Pair = [dilation[0] * (kh - 1), dilation[1] * (kw - 1)];
  const shiftDy =
    o < i && stride[0] === 1 && stride[1] === 1 && padding[0] <= reach[0] && padding[1] <= reach[1];

  if (shiftDy) {
    // x[q] met dy[q + padding - dilation k].
    const before: Pair = [reach[0] - padding[0], reach[1] - padding[1]];
    const padded = pad(onnx, dy, before, [height + padding[0] - outHeight, width + padding[1] - outWidth]);
    const starts = places.map(([ky, kx]): Pair => [reach[0] - dilation[0] * ky, reach[1] - dilation[1] * kx]);
    const stacked = stackShifted(onnx, padded, starts, [height, width], [1, 1]);
    const products = multiplyPixels(onnx, [stacked, x], [n, places.length * o, i, height * width]);
    return onnx.reshape(onnx.transpose(onnx.reshape(products, [places.length, o, i]), [1, 2, 0]), shape);
  }

  const stacked = stackWindows({ inputs: [x, dy], attributes }, onnx);
  const products = multiplyPixels(onnx, [dy, stacked], [n, o, places.length * i, outHeight * outWidth]);
  if (places.length === 1) return onnx.reshape(products, shape);
  return onnx.reshape(onnx.transpose(onnx.reshape(products, [o, places.length, i]), [0, 2, 1]), shape);
}

/**
 * `sum over n and p of a[n, r, p] b[n, c, p]`, `[rows, columns]`.
 *
 * A WebGPU workgroup computes 32x32 results, however many pixels they sum up. Where there are few results,
 * the pixels are divided among more of them.
 */
function multiplyPixels(
  onnx: OnnxWriter,
  [a, b]: readonly [OnnxInput, OnnxInput],
  [n, rows, columns, pixels]: Shape4,
): string {
  const workgroups = n * Math.ceil(rows / 32) * Math.ceil(columns / 32);
  const parts = onnx.provider === "webgpu" ? divisorFrom(Math.ceil(512 / workgroups), pixels) : 1;
  if (parts === 1) {
    const left = onnx.reshape(a, [n, rows, pixels]);
    const right = onnx.transpose(onnx.reshape(b, [n, columns, pixels]), [0, 2, 1]);
    return sumBatch(onnx, onnx.node("MatMul", [left, right]), n);
  }
  const part = pixels / parts;
  const left = onnx.transpose(onnx.reshape(a, [n, rows, parts, part]), [0, 2, 1, 3]);
  const right = onnx.transpose(onnx.reshape(b, [n, columns, parts, part]), [0, 2, 3, 1]);
  const products = onnx.node("MatMul", [
    onnx.reshape(left, [n * parts, rows, part]),
    onnx.reshape(right, [n * parts, part, columns]),
  ]);
  return sumBatch(onnx, products, n * parts);
}

/** The smallest divisor of a number that is no smaller than `least`. */
function divisorFrom(least: number, number: number): number {
  for (let divisor = Math.max(1, least); divisor < number; divisor++)
    if (number % divisor === 0) return divisor;
  return number;
}

/** x as each kernel place met it: `[N, places I, H', W']`. */
function stackWindows({ inputs: [x, dy], attributes }: WeightCall, onnx: OnnxWriter): OnnxInput {
  const { stride, padding, dilation, shape } = attributes;
  const [, , kh, kw] = shape;
  const [, , height, width] = shape4("convolution", x);
  const [, , outHeight, outWidth] = shape4("convolution", dy);
  const after = eachAxis((axis) => {
    const [size, output, k] = axis === 0 ? [height, outHeight, kh] : [width, outWidth, kw];
    return Math.max(0, (output - 1) * stride[axis] + dilation[axis] * (k - 1) + 1 - size - padding[axis]);
  });
  const padded = pad(onnx, x, padding, after);
  const starts = kernelPlaces(kh, kw).map(([ky, kx]): Pair => [dilation[0] * ky, dilation[1] * kx]);
  const whole = starts.length === 1 && padded === x && outHeight === height && outWidth === width;
  return whole ? padded : stackShifted(onnx, padded, starts, [outHeight, outWidth], stride);
}

/** Depthwise, on WebGPU: dy times the x that each place met, value by value, and the sum of that. */
function multiplyChannels(call: WeightCall, onnx: OnnxWriter): string {
  const [x, dy] = call.inputs;
  const { shape } = call.attributes;
  const [, , kh, kw] = shape;
  const [n, c] = shape4("convolution", x);
  const [, , rows, columns] = shape4("convolution", dy);
  const met = onnx.reshape(stackWindows(call, onnx), [n, kh * kw, c, rows, columns]);
  const products = onnx.node("Mul", [met, onnx.reshape(dy, [n, 1, c, rows, columns])]);
  const sums = onnx.reshape(onnx.sum(products, { axes: [0, 3, 4], shape: [n, kh * kw, c, rows, columns] }), [
    kh * kw,
    c,
  ]);
  return onnx.reshape(onnx.transpose(sums, [1, 0]), shape);
}

/**
 * For groups, and for depthwise convolutions with a stride: a convolution of x with dy as its kernel. Batch
 * and channels are exchanged, and so are stride and dilation.
 */
function correlateSwapped({ inputs: [x, dy], attributes }: WeightCall, onnx: OnnxWriter): string {
  const { stride, padding, dilation, groups, shape } = attributes;
  const [o, i, kh, kw] = shape;
  const [n, , height, width] = shape4("convolution", x);
  const [, , outHeight, outWidth] = shape4("convolution", dy);

  // x: [N, groups, I, H, W] to [I, groups N, H, W]; dy: [N, O, H', W'] to [O, N, H', W'].
  const split = onnx.reshape(x, [n, groups, i, height, width]);
  const images = onnx.reshape(onnx.transpose(split, [2, 1, 0, 3, 4]), [i, groups * n, height, width]);
  const kernel = onnx.transpose(dy, [1, 0, 2, 3]);
  const end = (axis: 0 | 1, size: number, output: number, k: number) =>
    (output - 1) * stride[axis] + (k - 1) * dilation[axis] + 1 - size - padding[axis];
  const correlated = onnx.node("Conv", [images, kernel], {
    kernel_shape: [outHeight, outWidth],
    strides: dilation,
    dilations: stride,
    pads: [...padding, Math.max(0, end(0, height, outHeight, kh)), Math.max(0, end(1, width, outWidth, kw))],
    group: groups,
  });
  // Where the stride left rows over, the kernel finds more places than it has: keep the first ones.
  const first = onnx.slice(correlated, { axes: [2, 3], starts: [0, 0], ends: [kh, kw] });
  return onnx.reshape(onnx.transpose(first, [1, 0, 2, 3]), [o, i, kh, kw]);
}

function kernelPlaces(kh: number, kw: number): Pair[] {
  return Array.from({ length: kh * kw }, (_, k): Pair => [Math.floor(k / kw), k % kw]);
}

function pad(onnx: OnnxWriter, value: OnnxInput, before: Pair, after: Pair): OnnxInput {
  if (before[0] === 0 && before[1] === 0 && after[0] === 0 && after[1] === 0) return value;
  return onnx.node("Pad", [value, onnx.ints([0, 0, ...before, 0, 0, ...after])]);
}

/** Cuts windows of one size out of a feature map and stacks them along the channels. */
function stackShifted(
  onnx: OnnxWriter,
  value: OnnxInput,
  starts: Pair[],
  size: Pair,
  steps: Pair,
): OnnxInput {
  const windows = starts.map(([top, left]) =>
    onnx.slice(value, {
      axes: [2, 3],
      starts: [top, left],
      ends: [top + (size[0] - 1) * steps[0] + 1, left + (size[1] - 1) * steps[1] + 1],
      steps,
    }),
  );
  return windows.length === 1 ? (windows[0] ?? value) : onnx.node("Concat", windows, { axis: 1 });
}

function sumBatch(onnx: OnnxWriter, products: string, n: number): string {
  return n === 1 ? products : onnx.sum(products, { axes: [0], shape: [n] });
}
