import { describe, expect, it } from "vitest";
import { averagePool } from "../../../src/graph/ops/average-pooling.ts";
import { input } from "../../../src/graph/tensor.ts";
import { array, at, count, extents, filled, type NdArray, uniform } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { checkOp, engineGradients } from "../../support/gradient-check.ts";
import type { Pool } from "../../support/reference-pooling.ts";

/** Window by window, over the values that lie in the map. */
function referenceAveragePool(x: NdArray, { kernel, stride = 1, padding = 0 }: Pool): NdArray {
  const [n, c, h, w] = extents(x);
  const height = Math.floor((h + 2 * padding - kernel) / stride) + 1;
  const width = Math.floor((w + 2 * padding - kernel) / stride) + 1;
  const shape = [n, c, height, width];
  const data = Float64Array.from({ length: count(shape) }, (_, index) => {
    const map = Math.floor(index / (height * width));
    const top = (Math.floor(index / width) % height) * stride - padding;
    const left = (index % width) * stride - padding;
    let sum = 0;
    let values = 0;
    for (let row = Math.max(0, top); row < Math.min(h, top + kernel); row++) {
      for (let column = Math.max(0, left); column < Math.min(w, left + kernel); column++) {
        sum += at(x.data, (map * h + row) * w + column);
        values++;
      }
    }
    return sum / values;
  });
  return { shape, data };
}

describe("averagePool", () => {
  it.each<[string, number[], Pool]>([
    ["3x3, padding 1, as NASNet's cells have it", [2, 3, 6, 5], { kernel: 3, padding: 1 }],
    ["3x3, stride 2, padding 1, odd size", [1, 2, 7, 9], { kernel: 3, stride: 2, padding: 1 }],
    ["3x3, stride 2, padding 1, even size", [3, 1, 8, 6], { kernel: 3, stride: 2, padding: 1 }],
    ["3x3, stride 2, padding 2", [1, 2, 6, 7], { kernel: 3, stride: 2, padding: 2 }],
    ["2x2, stride 2, a row and a column left over", [1, 2, 7, 5], { kernel: 2, stride: 2 }],
    ["2x2, stride 3, which skips values", [1, 2, 8, 9], { kernel: 2, stride: 3 }],
    ["one window for the whole map", [2, 2, 5, 5], { kernel: 5 }],
    ["a map smaller than the window", [2, 2, 2, 3], { kernel: 5, padding: 2 }],
    ["a map of one pixel", [1, 3, 1, 1], { kernel: 3, padding: 1 }],
  ])("%s", async (_name, shape, pool) => {
    await checkOp({
      variables: { x: uniform(shape, { low: -2, high: 2 }) },
      apply: ({ x }) => averagePool(x, pool),
      reference: ({ x }) => referenceAveragePool(x, pool),
    });
  });

  it("does not count the padding: a map of ones stays one", async () => {
    const ones = filled([1, 1, 3, 3], () => 1);
    const { value } = await engineGradients({
      variables: { x: ones },
      apply: ({ x }) => averagePool(x, { kernel: 3, padding: 1 }),
    });
    expect(Array.from(value.data)).toEqual(new Array(9).fill(1));
  });

  it("is the mean of two by two values", async () => {
    const x = { ...array([1, 2, 3, 4]), shape: [1, 1, 2, 2] };
    const { value } = await engineGradients({
      variables: { x },
      apply: ({ x }) => averagePool(x, { kernel: 2 }),
    });
    expect(Array.from(value.data)).toEqual([2.5]);
  });

  it("refuses a padding in which a window would be alone, and a window that does not fit", () => {
    const x = input("x", [1, 1, 4, 4]);
    expect(() => averagePool(x, { kernel: 2, padding: 2 })).toThrow(invalidGraph("averagePool"));
    expect(() => averagePool(x, { kernel: 5 })).toThrow(invalidGraph("averagePool"));
  });
});
