import { invalidGraph } from "./invalid-graph.ts";

/**
 * A dimension known only when the network runs, such as the height of a photo: `term + offset`.
 *
 * Two of them are the same dimension when both parts are. Integers are moved from the term into the offset
 * wherever that is exact, so that sizes which are always equal compare equal, whatever windows produced them.
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

/** The fixed shape of a feature map, or of a convolution's weight `[O, I / groups, kH, kW]`. */
export type Shape4 = readonly [n: number, c: number, h: number, w: number];

/** Element type of a tensor. */
export type ElementType = "float32" | "int32" | "uint8";

/** Shape and element type, the part of a tensor that shape rules look at. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: ElementType;
}

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
  if (typeof dim === "number") return String(dim);
  const { term, offset } = dim;
  return `${term}${offset > 0 ? "+" : ""}${offset === 0 ? "" : offset}`;
}

/** A dimension plus an integer. */
export function shiftDim(dim: Dim, by: number): Dim {
  return typeof dim === "number" ? dim + by : { term: dim.term, offset: dim.offset + by };
}

export function formatShape(shape: Shape): string {
  return `[${shape.map(formatDim).join(", ")}]`;
}

/** Element type and shape, e.g. `uint8 [N, H, W, 3]`. */
export function formatType({ dtype, shape }: TensorType): string {
  return `${dtype} ${formatShape(shape)}`;
}

/** The shape of numpy's broadcasting. @throws LightsegError INVALID_GRAPH if the two do not broadcast */
export function broadcastShapes(where: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === 1) return right;
    if (right === 1 || sameDim(left, right)) return left;
    const shapes = `${formatShape(a)} and ${formatShape(b)}`;
    throw invalidGraph(where, "shapes", "must be equal or broadcast to each other", shapes);
  });
}

/** The shape as numbers. @throws LightsegError INVALID_GRAPH if a dimension is symbolic */
export function fixedShape(where: string, shape: Shape): number[] {
  return shape.map((dim) => {
    if (typeof dim === "number") return dim;
    throw invalidGraph(
      where,
      "shape",
      "must be fixed here",
      formatShape(shape),
      "gradients are derived for one input size: build the network with numbers for N, H and W",
    );
  });
}

/** Four fixed extents. @throws LightsegError INVALID_GRAPH for another rank or a symbolic dimension */
export function shape4(where: string, { shape }: Pick<TensorType, "shape">): Shape4 {
  const [n, c, h, w, ...rest] = fixedShape(where, shape);
  if (n === undefined || c === undefined || h === undefined || w === undefined || rest.length > 0)
    throw invalidGraph(where, "shape", "must have 4 dimensions", formatShape(shape));
  return [n, c, h, w];
}

/** The extents of a feature map. @throws LightsegError INVALID_GRAPH for another shape */
export function featureMapShape(where: string, shape: Shape): readonly [n: Dim, c: number, h: Dim, w: Dim] {
  const [n, c, h, w] = shape;
  if (shape.length !== 4 || n === undefined || typeof c !== "number" || h === undefined || w === undefined) {
    const rule = "must be a feature map [N, C, H, W] with a known number of channels";
    throw invalidGraph(where, "input", rule, formatShape(shape));
  }
  return [n, c, h, w];
}

/** The channels of a feature map. @throws LightsegError INVALID_GRAPH for another shape */
export function channelsOf(where: string, { shape }: Pick<TensorType, "shape">): number {
  return featureMapShape(where, shape)[1];
}

/** How many values a tensor of this fixed shape holds: 1 for a scalar `[]`. */
export function countValues(shape: readonly number[]): number {
  // The product of a forged shape's other extents may overflow to infinity, and infinity times 0 is NaN.
  return shape.includes(0) ? 0 : shape.reduce((product, dim) => product * dim, 1);
}
