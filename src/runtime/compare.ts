import type { TensorData } from "./session.ts";

/** The largest `relativeError` of a right engine. Rounding stays below 1e-3; wrong kernels gave 1. */
export const TOLERANCE = 0.02;

/** Root mean square of the differences, relative to that of the expected values; NaN where one is missing. */
export function relativeError(found: ArrayLike<number>, expected: TensorData["data"]): number {
  let error = 0;
  let size = 0;
  expected.forEach((value, index) => {
    error += ((found[index] ?? Number.NaN) - value) ** 2;
    size += value ** 2;
  });
  return Math.sqrt(error / size);
}
