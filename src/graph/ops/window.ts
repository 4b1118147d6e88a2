import { invalidGraph } from "../invalid-graph.ts";
import type { Region, Span } from "../region.ts";
import {
  countValues,
  type Dim,
  featureMapShape,
  fixedShape,
  formatDim,
  type Shape,
  type Shape4,
  shiftDim,
  type TensorType,
} from "../shape.ts";

/** A value for rows and one for columns. */
export type Pair = readonly [vertical: number, horizontal: number];

/** How a kernel moves over a feature map. */
export interface ConvolutionAttributes {
  readonly stride: Pair;
  /** Zeros before the first and after the last row (column). */
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
}

/** Attributes of a convolution's gradients. */
export interface GradientAttributes extends ConvolutionAttributes {
  /** Shape of the result: of the input `[N, I, H, W]`, or of the weight `[O, I / groups, kH, kW]`. */
  readonly shape: Shape4;
}

/** A square window that moves over a feature map. */
export interface PoolingAttributes {
  /** Side of the window, in pixels. */
  readonly kernel: number;
  readonly stride: number;
  /** Rows and columns on each side that lie outside the map and do not count. */
  readonly padding: number;
}

export interface PoolingOptions {
  kernel: number;
  /** Defaults to 1. */
  stride?: number;
  /** Defaults to 0. */
  padding?: number;
}

/** What a rule gives for rows and for columns. */
export const eachAxis = <T>(rule: (axis: 0 | 1) => T): readonly [vertical: T, horizontal: T] => [
  rule(0),
  rule(1),
];

/** The window of a convolution or a pooling along one axis. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros (or -infinity) added on each side. */
  readonly padding: number;
}

/** Places of a window along an axis: `floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1`. */
export function slideWindow(where: string, size: Dim, { kernel, stride, dilation, padding }: Window): Dim {
  for (const [argument, value] of Object.entries({ kernel, stride, dilation, padding })) {
    const least = argument === "padding" ? 0 : 1;
    if (!Number.isInteger(value) || value < least)
      throw invalidGraph(where, argument, `must be a whole number of at least ${least}`, value);
  }
  const margin = 2 * padding - dilation * (kernel - 1) - 1;
  if (typeof size === "number") {
    if (size + margin >= 0) return Math.floor((size + margin) / stride) + 1;
    const rule = `must fit into the ${size + 2 * padding} padded rows or columns of the map`;
    throw invalidGraph(where, "kernel", rule, dilation * (kernel - 1) + 1);
  }
  if (stride === 1) return shiftDim(size, margin + 1);
  // floor((t + q stride + r) / stride) + 1 = floor((t + r) / stride) + q + 1
  const q = Math.floor((size.offset + margin) / stride);
  const r = size.offset + margin - q * stride;
  return { term: `floor((${formatDim({ term: size.term, offset: r })})/${stride})`, offset: q + 1 };
}

/** The rows (columns) that the windows at these places lie on. */
export function coverSpan([first, last]: Span, { kernel, stride, dilation, padding }: Window): Span {
  return [first * stride - padding, last * stride - padding + dilation * (kernel - 1)];
}

/** What a pooling reads for a region of its result. */
export function coverRegion(
  { rows, columns }: Region,
  { kernel, stride, padding }: PoolingAttributes,
): Region {
  const window = { kernel, stride, dilation: 1, padding };
  return { rows: coverSpan(rows, window), columns: coverSpan(columns, window) };
}

/** Shape of a pooled map. @throws LightsegError INVALID_GRAPH if a window could lie in the padding alone */
export function pooledShape(
  where: string,
  { shape }: Pick<TensorType, "shape">,
  { kernel, stride, padding }: PoolingAttributes,
): Shape {
  if (padding >= kernel) {
    const rule = `must be less than the kernel's ${kernel}, or a window would hold no value`;
    throw invalidGraph(where, "padding", rule, padding);
  }
  const [n, c, h, w] = featureMapShape(where, shape);
  const window = { kernel, stride, dilation: 1, padding };
  return [n, c, slideWindow(where, h, window), slideWindow(where, w, window)];
}

/** Values that a pooling reads: the window of each result. */
export function countPooled(where: string, { shape }: Pick<TensorType, "shape">, kernel: number): number {
  return countValues(fixedShape(where, shape)) * kernel ** 2;
}

/** A pooling as a layer table shows it. */
export function describePooling({ kernel, stride }: PoolingAttributes): string {
  return `${kernel}x${kernel}${stride > 1 ? `, stride ${stride}` : ""}`;
}
