import { LightsegError } from "../errors.ts";

/**
 * A dimension known only when the network runs, such as the height of a photo: `term + offset`.
 *
 * Two of them are the same dimension when both parts are. Whole numbers are drawn out of the term wherever that is exact,
 * so that sizes which are always equal come out equal, by whatever windows a network arrives at them.
 */
export interface SymbolicDim {
  /** A name, or a quotient such as `floor((H+1)/2)`. */
  readonly term: string;
  readonly offset: number;
}

/** One extent of a tensor: a number, or a symbol such as `H` or `floor((H+1)/2)`. */
export type Dim = number | SymbolicDim;

/** Extents of a tensor, outermost first: feature maps are `[N, C, H, W]`. */
export type Shape = readonly Dim[];

export function symbol(name: string): SymbolicDim {
  return { term: name, offset: 0 };
}

export function sameDim(a: Dim, b: Dim): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return a.term === b.term && a.offset === b.offset;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => sameDim(dim, b[axis] ?? -1));
}

export function formatDim(dim: Dim): string {
  return typeof dim === "number" ? String(dim) : `${dim.term}${signed(dim.offset)}`;
}

/** A dimension made longer by so many, or shorter. */
export function shiftDim(dim: Dim, by: number): Dim {
  return typeof dim === "number" ? dim + by : { term: dim.term, offset: dim.offset + by };
}

export function formatShape(shape: Shape): string {
  return `[${shape.map(formatDim).join(", ")}]`;
}

/** The window of a convolution or a pooling along one axis. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros (or -infinity) added before and after, together. */
  readonly padding: number;
}

/** How many places a window has along an axis: `floor((size + padding - dilation (kernel - 1) - 1) / stride) + 1`. */
export function slideWindow(where: string, size: Dim, { kernel, stride, dilation, padding }: Window): Dim {
  const margin = padding - dilation * (kernel - 1) - 1;
  if (typeof size === "number") {
    if (size + margin >= 0) return Math.floor((size + margin) / stride) + 1;
    throw new LightsegError({
      code: "INVALID_GRAPH",
      where,
      argument: "kernel",
      rule: `must fit into the ${size + padding} padded rows or columns of the map`,
      value: dilation * (kernel - 1) + 1,
    });
  }
  if (stride === 1) return shiftDim(size, margin + 1);
  // floor((t + q stride + r) / stride) + 1 = floor((t + r) / stride) + q + 1
  const q = Math.floor((size.offset + margin) / stride);
  const r = size.offset + margin - q * stride;
  return { term: `floor((${size.term}${signed(r)})/${stride})`, offset: q + 1 };
}

function signed(value: number): string {
  if (value === 0) return "";
  return value > 0 ? `+${value}` : String(value);
}

/** The shape numpy's broadcasting gives, or an error when the two do not fit. */
export function broadcastShapes(where: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === 1) return right;
    if (right === 1 || sameDim(left, right)) return left;
    throw new LightsegError({
      code: "INVALID_GRAPH",
      where,
      argument: "shapes",
      rule: "must be equal or broadcast to each other",
      value: `${formatShape(a)} and ${formatShape(b)}`,
    });
  });
}

/** The shape as numbers; a training graph, made for one crop size, needs this. */
export function fixedShape(where: string, shape: Shape): number[] {
  return shape.map((dim) => {
    if (typeof dim === "number") return dim;
    throw new LightsegError({
      code: "INVALID_GRAPH",
      where,
      argument: "shape",
      rule: "must be fixed here",
      value: formatShape(shape),
      hint: "gradients are derived for one input size: build the network with numbers for N, H and W",
    });
  });
}

/** The extents of a feature map. */
export function featureMapShape(where: string, shape: Shape): readonly [n: Dim, c: number, h: Dim, w: Dim] {
  const [n, c, h, w] = shape;
  if (shape.length !== 4 || n === undefined || typeof c !== "number" || h === undefined || w === undefined) {
    throw new LightsegError({
      code: "INVALID_GRAPH",
      where,
      argument: "input",
      rule: "must be a feature map [N, C, H, W] with a known number of channels",
      value: formatShape(shape),
    });
  }
  return [n, c, h, w];
}

/** How many values a tensor of this fixed shape holds. */
export function countValues(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}
