import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differentiate } from "../../../src/graph/gradient.ts";
import { sum } from "../../../src/graph/ops/reduction.ts";
import { topK } from "../../../src/graph/ops/top-k.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { invalidGraph } from "../../support/errors.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

async function placesOf(rows: readonly (readonly number[])[], k: number): Promise<number[][]> {
  const shape = [rows.length, rows[0]?.length ?? 0];
  const { places } = await runGraph(
    { places: topK(input("x", shape), k) },
    { x: floats(rows.flat(), shape) },
  );
  expect(places.data).toBeInstanceOf(Int32Array);
  expect(places.shape).toEqual([rows.length, k]);
  return rows.map((_, row) => Array.from(places.data.subarray(row * k, (row + 1) * k)));
}

/** A stable sort: of equal values the first comes first. */
function sorted(row: readonly number[], k: number): number[] {
  const order = row.map((_, place) => place).sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0));
  return order.slice(0, k);
}

describe("topK", () => {
  it("gives the places of the largest values, the largest first", async () => {
    expect(
      await placesOf(
        [
          [3, -1, 7, 5],
          [0, 9, -8, 2],
        ],
        3,
      ),
    ).toEqual([
      [2, 3, 0],
      [1, 3, 0],
    ]);
  });

  it("takes the first of equal values", async () => {
    expect(await placesOf([[1, 2, 2, 1, 2]], 4)).toEqual([[1, 2, 4, 0]]);
    expect(await placesOf([new Array<number>(300).fill(-1e30)], 5)).toEqual([[0, 1, 2, 3, 4]]);
  });

  it("agrees with a stable sort, ties and all", async () => {
    const rows = fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 40 }))
      .chain(([count, length]) => {
        const row = fc.array(fc.integer({ min: -4, max: 4 }), { minLength: length, maxLength: length });
        return fc.tuple(
          fc.array(row, { minLength: count, maxLength: count }),
          fc.integer({ min: 1, max: length }),
        );
      });
    await fc.assert(
      fc.asyncProperty(rows, async ([rows, k]) => {
        expect(await placesOf(rows, k)).toEqual(rows.map((row) => sorted(row, k)));
      }),
      { numRuns: 8 },
    );
  });

  it("two of one tensor do not meet", async () => {
    const x = input("x", [4]);
    const result = await runGraph({ one: topK(x, 1), all: topK(x, 4) }, { x: floats([1, 3, 2, 4]) });
    expect(Array.from(result.one.data)).toEqual([3]);
    expect(Array.from(result.all.data)).toEqual([3, 1, 2, 0]);
  });

  it.each([0, 5, 1.5])("refuses %f of 4 values", (k) => {
    expect(() => topK(input("x", [2, 4]), k)).toThrow(invalidGraph("topK"));
  });

  it("refuses a length that is not known, and a scalar", () => {
    expect(() => topK(input("x", [2, symbol("P")]), 1)).toThrow(invalidGraph("topK"));
    expect(() => topK(input("x", []), 1)).toThrow(invalidGraph("topK"));
  });

  it("has no derivative", () => {
    const x = input("x", [4]);
    expect(() => differentiate(sum(topK(x, 1), [0]), [x])).toThrow(invalidGraph("differentiate"));
  });
});
