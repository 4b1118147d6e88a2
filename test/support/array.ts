import { expect } from "vitest";
import { createRandom, fnv1a } from "../../src/random.ts";

/** Row-major float64 values: what the naive reference implementations compute with. */
export interface NdArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Values rounded to float32, so that the engine and a float64 reference begin with the same ones. */
export function array(data: ArrayLike<number>, shape: readonly number[] = [data.length]): NdArray {
  return { shape, data: Float64Array.from(data, Math.fround) };
}

export function filled(shape: readonly number[], value: (index: number) => number): NdArray {
  return array(
    Array.from({ length: count(shape) }, (_, index) => value(index)),
    shape,
  );
}

/** Uniform in `low..high`; the same for the same seed. */
export function uniform(shape: readonly number[], { seed = "values", low = -1, high = 1 } = {}): NdArray {
  const random = createRandom(fnv1a(seed));
  return filled(shape, () => low + (high - low) * random());
}

/** Whole numbers in `low..high`, both included. */
export function wholeNumbers(shape: readonly number[], { seed = "whole", low = 0, high = 2 } = {}): NdArray {
  const random = createRandom(fnv1a(seed));
  return filled(shape, () => low + Math.floor((high - low + 1) * random()));
}

export function count(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** The value at a place in row-major order, or NaN outside, which no comparison survives. */
export function at(values: ArrayLike<number>, index: number): number {
  return values[index] ?? Number.NaN;
}

/** The four extents of a feature map. */
export function extents({
  shape,
}: {
  readonly shape: readonly number[];
}): [n: number, c: number, h: number, w: number] {
  const [n, c, h, w] = shape;
  if (shape.length !== 4 || n === undefined || c === undefined || h === undefined || w === undefined) {
    throw new RangeError(`[${shape}] is no feature map`);
  }
  return [n, c, h, w];
}

interface Values {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/**
 * The largest difference of two arrays, relative to the largest expected value.
 *
 * But never to less than 0.1: values of about 1 may cancel out, their rounding does not.
 */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [largest, difference] = [0.1, 0];
  for (let index = 0; index < expected.length; index++) {
    largest = Math.max(largest, Math.abs(at(expected, index)));
    difference = Math.max(difference, Math.abs(at(actual, index) - at(expected, index)));
  }
  return difference / largest;
}

/** Same shape, and values that differ by less than `tolerance` times the largest. */
export function expectClose(
  actual: Values,
  expected: Values,
  { tolerance = 1e-5, name = "values" } = {},
): void {
  expect(actual.shape, `shape of ${name}`).toEqual(expected.shape);
  expect(actual.data.length, `length of ${name}`).toBe(expected.data.length);
  expect(relativeError(actual.data, expected.data), `relative error of ${name}`).toBeLessThan(tolerance);
}
