import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matmul } from "../../../src/graph/ops/matmul.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { type NdArray, uniform } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { checkOp } from "../../support/gradient-check.ts";
import { fill, valueAt } from "../../support/reference-broadcast.ts";

interface Transposes {
  transposeA?: boolean;
  transposeB?: boolean;
}

/** Row times column, value by value. */
function referenceMatmul(
  a: NdArray,
  b: NdArray,
  { transposeA = false, transposeB = false }: Transposes,
): NdArray {
  const [rows = 0, inner = 0] = transposeA ? a.shape.slice(-2).reverse() : a.shape.slice(-2);
  const columns = b.shape.at(transposeB ? -2 : -1) ?? 0;
  return fill([...a.shape.slice(0, -2), rows, columns], (place) => {
    const batch = place.slice(0, -2);
    const [row = 0, column = 0] = place.slice(-2);
    let total = 0;
    for (let k = 0; k < inner; k++) {
      const left = valueAt(a, [...batch, ...(transposeA ? [k, row] : [row, k])]);
      total += left * valueAt(b, [...batch, ...(transposeB ? [column, k] : [k, column])]);
    }
    return total;
  });
}

interface Extents {
  batch: readonly number[];
  rows: number;
  inner: number;
  columns: number;
}

function check({ batch, rows, inner, columns }: Extents, options: Transposes): Promise<void> {
  const [a, b] = [
    options.transposeA ? [inner, rows] : [rows, inner],
    options.transposeB ? [columns, inner] : [inner, columns],
  ];
  return checkOp({
    variables: { a: uniform([...batch, ...a], { seed: "a" }), b: uniform([...batch, ...b], { seed: "b" }) },
    apply: ({ a, b }) => matmul(a, b, options),
    reference: ({ a, b }) => referenceMatmul(a, b, options),
  });
}

describe("matmul", () => {
  const transposes = [{}, { transposeA: true }, { transposeB: true }, { transposeA: true, transposeB: true }];

  it.each(transposes)("of three pairs of matrices, %j", (options) =>
    check({ batch: [3], rows: 5, inner: 3, columns: 4 }, options),
  );

  it("of one pair without a batch", () => check({ batch: [], rows: 2, inner: 7, columns: 3 }, {}));

  it("of any sizes", async () => {
    const extent = fc.integer({ min: 1, max: 6 });
    const extents = fc.record({
      batch: fc.array(extent, { maxLength: 2 }),
      rows: extent,
      inner: extent,
      columns: extent,
    });
    const options = fc.record({ transposeA: fc.boolean(), transposeB: fc.boolean() });
    await fc.assert(fc.asyncProperty(extents, options, check), { numRuns: 8 });
  });

  it("of a matrix and itself sends the gradient through both", async () => {
    await checkOp({
      variables: { x: uniform([2, 3, 4]) },
      apply: ({ x }) => matmul(x, x, { transposeA: true }),
      reference: ({ x }) => referenceMatmul(x, x, { transposeA: true }),
    });
  });

  it("counts one multiply-accumulate for each value of a row times column", () => {
    const product = matmul(input("a", [2, 3, 5]), input("b", [2, 7, 3]), {
      transposeA: true,
      transposeB: true,
    });
    expect(product.macs()).toBe(2 * 5 * 7 * 3);
  });

  it("keeps symbolic sizes", () => {
    const [n, p] = [symbol("N"), symbol("P")];
    const [a, b] = [input("a", [n, 8, p]), input("b", [n, 8, p])];
    expect(matmul(a, b, { transposeA: true }).shape).toEqual([n, p, p]);
    expect(matmul(a, b, { transposeB: true }).shape).toEqual([n, 8, 8]);
  });

  it.each([
    ["another inner extent", [2, 3, 4], [2, 5, 6]],
    ["an inner extent of another name", [3, symbol("P")], [symbol("Q"), 3]],
    ["another batch", [2, 3, 4], [1, 4, 3]],
    ["another rank", [2, 3, 4], [4, 3]],
    ["vectors", [4], [4]],
  ])("refuses %s", (_name, a, b) => {
    expect(() => matmul(input("a", a), input("b", b))).toThrow(invalidGraph("matmul"));
  });
});
