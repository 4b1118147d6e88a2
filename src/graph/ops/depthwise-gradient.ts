/**
 * The derivative of a depthwise convolution with respect to its weight, at stride 1:
 *
 *   dweight[c, ky, kx] = sum over n, y, x of dy[n, c, y, x] xp[n, c, y + ky, x + kx],   xp: padded x
 *
 * This has few operations on much memory. As a convolution of x with dy as its kernel, the engine copies x
 * once for each weight and multiplies a matrix by a vector. So rows are cut into blocks of B places, those of
 * xp k - 1 places longer, and one matrix product multiplies all pairs of a block's places. That is three
 * times as many as needed, and still faster:
 *
 *   G[ky][j, i] = sum over n, y and blocks b of xp[y + ky, b B + j] dy[y, b B + i]
 *   dweight[ky, kx] = sum over i of G[ky][i + kx, i]
 */
import type { OnnxWriter } from "../onnx/writer.ts";
import { type Shape4, shape4 } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Pair } from "./window.ts";

/** Places of a block: the shortest that fills the processor's registers. */
const BLOCK = 8;

export interface DepthwiseOptions {
  /** Sides of the kernel, each at most BLOCK + 1. */
  readonly kernel: Pair;
  readonly padding: Pair;
}

/** Whether `correlateDepthwise` fits: depthwise, stride 1, no dilation, no larger than a block. */
export function isDepthwise(
  [o, i, kh, kw]: Shape4,
  { groups, stride, dilation }: { groups: number } & Record<"stride" | "dilation", readonly number[]>,
): boolean {
  const isDense = [...stride, ...dilation].every((step) => step === 1);
  return i === 1 && o === groups && isDense && Math.max(kh, kw) <= BLOCK + 1;
}

/** @returns the weight's gradient, `[C, 1, kH, kW]` */
export function correlateDepthwise(
  [x, dy]: readonly [Tensor, Tensor],
  { kernel: [kh, kw], padding }: DepthwiseOptions,
  onnx: OnnxWriter,
): string {
  const [n, c, height, width] = shape4("convolution", x);
  const [, , rows, columns] = shape4("convolution", dy);
  const blocks = Math.ceil(columns / BLOCK);
  const long = BLOCK + kw - 1;

  const end = [rows + kh - 1 - height - padding[0], (blocks + 1) * BLOCK - width - padding[1]];
  const padded = onnx.node("Pad", [x, onnx.ints([0, 0, ...padding, 0, 0, ...end])]);
  const cut = onnx.reshape(padded, [n * c, rows + kh - 1, blocks + 1, BLOCK]);
  const own = onnx.slice(cut, { axes: [2], starts: [0], ends: [blocks] });
  const next = onnx.slice(cut, { axes: [2, 3], starts: [1, 0], ends: [blocks + 1, kw - 1] });
  const overlapping = kw === 1 ? own : onnx.node("Concat", [own, next], { axis: 3 });

  const filled = onnx.node("Pad", [dy, onnx.ints([0, 0, 0, 0, 0, 0, 0, blocks * BLOCK - columns])]);
  const right = onnx.reshape(filled, [n * c, rows * blocks, BLOCK]);
  const products = Array.from({ length: kh }, (_, ky) => {
    const shifted = onnx.slice(overlapping, { axes: [1], starts: [ky], ends: [ky + rows] });
    const left = onnx.transpose(onnx.reshape(shifted, [n * c, rows * blocks, long]), [0, 2, 1]);
    return onnx.reshape(onnx.node("MatMul", [left, right]), [n * c, 1, long * BLOCK]);
  });
  const pairs = kh === 1 ? (products[0] ?? "") : onnx.node("Concat", products, { axis: 1 });
  const sums = onnx.reshape(onnx.node("MatMul", [pairs, diagonals(onnx, kw)]), [n, c, 1, kh, kw]);
  return onnx.sum(sums, { axes: [0], shape: [n, c, 1, kh, kw] });
}

/** Adds the pairs that belong to a weight: `[long B, kW]`, 1 at (j, i) and kx where j = i + kx. */
function diagonals(onnx: OnnxWriter, kw: number): string {
  const long = BLOCK + kw - 1;
  const values = new Float32Array(long * BLOCK * kw);
  for (let i = 0; i < BLOCK; i++)
    for (let kx = 0; kx < kw; kx++) values[((i + kx) * BLOCK + i) * kw + kx] = 1;
  return onnx.floats(values, [long * BLOCK, kw]);
}
