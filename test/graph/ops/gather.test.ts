import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gatherPixels } from "../../../src/graph/ops/gather.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { array, count, extents, type NdArray, uniform } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { checkOp, engineGradients } from "../../support/gradient-check.ts";
import { fill, valueAt } from "../../support/reference-broadcast.ts";
import { ints } from "../../support/run-graph.ts";

function referenceGather(x: NdArray, places: readonly number[]): NdArray {
  const [, c, h, w] = extents(x);
  return fill([1, c, 1, places.length], ([, channel = 0, , anchor = 0]) => {
    const pixel = places[anchor] ?? Number.NaN;
    return valueAt(x, [Math.floor(pixel / (h * w)), channel, Math.floor(pixel / w) % h, pixel % w]);
  });
}

function check(shape: readonly number[], places: readonly number[]): Promise<void> {
  return checkOp({
    variables: { x: uniform(shape) },
    apply: ({ x }) => gatherPixels(x, input("places", [places.length], "int32")),
    reference: ({ x }) => referenceGather(x, places),
    feeds: { places: ints(places) },
  });
}

describe("gatherPixels", () => {
  it("takes pixels of all images, row by row", () => check([3, 2, 3, 5], [0, 44, 15, 7, 29, 30]));

  it("of one image", () => check([1, 4, 5, 3], [14, 0, 8]));

  it("adds up the gradients of a pixel that is chosen more than once", () =>
    check([2, 3, 2, 2], [5, 1, 5, 5, 0, 1]));

  it("of any size, with any choice", async () => {
    const shape = fc.tuple(...[3, 4, 6, 6].map((max) => fc.integer({ min: 1, max })));
    const cases = shape.chain((shape) => {
      const last = count(shape) / (shape[1] ?? 1) - 1;
      return fc.tuple(
        fc.constant(shape),
        fc.array(fc.integer({ min: 0, max: last }), { minLength: 1, maxLength: 12 }),
      );
    });
    await fc.assert(
      fc.asyncProperty(cases, ([shape, places]) => check(shape, places)),
      { numRuns: 8 },
    );
  });

  it("loses nothing where thousands of gradients go to one pixel", async () => {
    const places = new Array<number>(20_000).fill(3);
    const { gradients, upstream } = await engineGradients({
      variables: { x: array(new Float64Array(8), [1, 2, 2, 2]) },
      apply: ({ x }) => gatherPixels(x, input("places", [places.length], "int32")),
      feeds: { places: ints(places) },
    });
    const total = (row: number) =>
      upstream.data.subarray(20_000 * row, 20_000 * (row + 1)).reduce((a, b) => a + b);
    expect(Array.from(gradients.x.data)).toEqual(
      [0, 0, 0, total(0), 0, 0, 0, total(1)].map((value) => expect.closeTo(value, 2)),
    );
  });

  it("refuses places that are no whole numbers or no vector, and sizes not known", () => {
    const x = input("x", [1, 2, 3, 4]);
    const places = input("places", [5], "int32");
    const refused = invalidGraph("gatherPixels");
    expect(() => gatherPixels(x, input("places", [5]))).toThrow(refused);
    expect(() => gatherPixels(x, input("places", [5, 1], "int32"))).toThrow(refused);
    expect(() => gatherPixels(input("x", [2, 3, 4]), places)).toThrow(refused);
    expect(() => gatherPixels(input("x", [1, 2, symbol("H"), 4]), places)).toThrow(refused);
  });
});
