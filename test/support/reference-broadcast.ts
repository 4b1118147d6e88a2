import { at, count, type NdArray } from "./array.ts";

/** The place of every value of `shape`, in row-major order. */
function places(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (prefixes, dim) =>
      prefixes.flatMap((prefix) => Array.from({ length: dim }, (_, index) => [...prefix, index])),
    [[]],
  );
}

/** The value at a place of a broadcast shape. Trailing axes match; an extent of 1 is repeated. */
export function valueAt({ shape, data }: NdArray, place: readonly number[]): number {
  const lead = place.length - shape.length;
  const index = shape.reduce(
    (offset, dim, axis) => offset * dim + (dim === 1 ? 0 : at(place, lead + axis)),
    0,
  );
  return at(data, index);
}

/** Fills an array from the place of each value. */
export function fill(shape: readonly number[], value: (place: readonly number[]) => number): NdArray {
  return { shape, data: Float64Array.from(places(shape), value) };
}

/** Sums over the axes, which stay with extent 1. */
export function sumOver(x: NdArray, axes: readonly number[]): NdArray {
  const shape = x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  const data = new Float64Array(count(shape));
  for (const place of places(x.shape)) {
    const index = shape.reduce((offset, dim, axis) => offset * dim + (dim === 1 ? 0 : at(place, axis)), 0);
    data[index] = at(data, index) + valueAt(x, place);
  }
  return { shape, data };
}
