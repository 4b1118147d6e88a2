import { type Shape, sameDim } from "./shape.ts";

/** The first and the last of some rows or columns; they may lie beyond the map, in its padding. */
export type Span = readonly [first: number, last: number];

/** A rectangle of a feature map, in pixels. */
export interface Region {
  readonly rows: Span;
  readonly columns: Span;
}

const ENDLESS: Span = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/** The whole of a map, whatever its size. */
export const everything: Region = { rows: ENDLESS, columns: ENDLESS };

/** The rectangle around two. */
export function joinRegions(a: Region, b: Region): Region {
  const join = (one: Span, other: Span): Span => [Math.min(one[0], other[0]), Math.max(one[1], other[1])];
  return { rows: join(a.rows, b.rows), columns: join(a.columns, b.columns) };
}

/** What an op without a rule of its own reads: of a map of the result's size the same pixels, else all. */
export function readAlike(input: Shape, output: Shape, region: Region): Region {
  const isMap = input.length === 4 && output.length === 4;
  const isAlike = isMap && [2, 3].every((axis) => sameDim(input[axis] ?? 0, output[axis] ?? 0));
  return isAlike ? region : everything;
}
