import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { maxPool } from "../../../src/graph/ops/pooling.ts";
import { input } from "../../../src/graph/tensor.ts";
import { array, expectClose, filled, type NdArray, uniform, wholeNumbers } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { engineGradients } from "../../support/gradient-check.ts";
import { type Pool, referencePoolChain } from "../../support/reference-pooling.ts";

/** Values and the gradient, winner by winner, of pools one after the other. */
async function check(x: NdArray, ...pools: Pool[]): Promise<void> {
  const { value, gradients, upstream } = await engineGradients({
    variables: { x },
    apply: ({ x }) => pools.reduce((map, pool) => maxPool(map, pool), x),
  });
  const { y, dx } = referencePoolChain(x, pools, upstream);
  expectClose(value, y, { tolerance: 1e-7, name: "value" });
  expectClose(gradients.x, dx, { tolerance: 1e-6, name: "gradient" });
}

describe("maxPool", () => {
  it.each<[string, number[], Pool]>([
    ["5x5 with padding 2, as chained residual pooling has it", [2, 3, 9, 8], { kernel: 5, padding: 2 }],
    ["3x3, stride 2, padding 1, even size", [1, 3, 8, 6], { kernel: 3, stride: 2, padding: 1 }],
    ["3x3, stride 2, padding 1, odd size", [2, 2, 7, 9], { kernel: 3, stride: 2, padding: 1 }],
    ["2x2, stride 2", [2, 2, 6, 4], { kernel: 2, stride: 2 }],
    ["2x2, stride 2, a row and a column left over", [1, 2, 7, 5], { kernel: 2, stride: 2 }],
    ["2x2, stride 1, padding 1", [1, 2, 4, 5], { kernel: 2, padding: 1 }],
    ["3x3, stride 3", [1, 2, 9, 6], { kernel: 3, stride: 3 }],
    ["3x3, stride 3, two rows left over", [1, 2, 8, 7], { kernel: 3, stride: 3 }],
    ["3x3, stride 3, padding 1", [1, 2, 8, 7], { kernel: 3, stride: 3, padding: 1 }],
    ["2x2, stride 3, which skips values", [1, 2, 8, 9], { kernel: 2, stride: 3 }],
    ["2x2, stride 4, longer steps than the map allows", [1, 1, 5, 6], { kernel: 2, stride: 4 }],
    ["1x1", [1, 2, 3, 4], { kernel: 1 }],
    ["1x1, stride 2", [1, 2, 5, 4], { kernel: 1, stride: 2 }],
    ["4x4, padding 2", [1, 2, 6, 5], { kernel: 4, padding: 2 }],
    ["4x4, stride 2, padding 1", [1, 2, 9, 8], { kernel: 4, stride: 2, padding: 1 }],
    ["6x6, padding 3", [1, 1, 7, 8], { kernel: 6, padding: 3 }],
    ["7x7, padding 3", [1, 2, 8, 7], { kernel: 7, padding: 3 }],
    ["7x7, stride 2, no padding", [1, 1, 10, 11], { kernel: 7, stride: 2 }],
    ["one window for the whole map", [2, 2, 5, 5], { kernel: 5 }],
    ["a map smaller than the window", [2, 2, 2, 3], { kernel: 5, padding: 2 }],
    ["a map of one pixel", [2, 3, 1, 1], { kernel: 5, padding: 2 }],
    ["a map of one row", [1, 2, 1, 9], { kernel: 3, padding: 1 }],
    ["a map of one column, stride 2", [1, 2, 8, 1], { kernel: 3, stride: 2, padding: 1 }],
    ["maps too large to be worked on together", [2, 3, 120, 90], { kernel: 5, padding: 2 }],
    ["one map larger than a group", [1, 2, 260, 190], { kernel: 3, stride: 2, padding: 1 }],
  ])("%s", async (_name, shape, pool) => {
    await check(uniform(shape, { low: -2, high: 2 }), pool);
    await check(wholeNumbers(shape), pool);
  });

  it("finds the largest of negative values alone", async () => {
    const x = uniform([1, 2, 5, 6], { low: -9, high: -5 });
    await check(x, { kernel: 5, padding: 2 });
    await check(x, { kernel: 3, stride: 2, padding: 1 });
  });

  it("works with values of very different size", async () => {
    const x = filled([1, 2, 6, 6], (index) => (index % 3 === 0 ? -1 : 1) * 10 ** ((index * 7) % 19));
    await check(x, { kernel: 3, padding: 1 });
    await check(
      filled([1, 1, 6, 6], (index) => 1 + ((index * 5) % 7) * 2 ** -23),
      { kernel: 3, padding: 1 },
    );
  });
});

describe("maxPool's ties have one winner each, the first", () => {
  const pools: Pool[] = [
    { kernel: 5, padding: 2 },
    { kernel: 3, stride: 2, padding: 1 },
    { kernel: 2, stride: 2 },
    { kernel: 3, stride: 3 },
    { kernel: 4, padding: 1 },
  ];

  it.each([[0], [1], [-3]])("on a map of %f alone", async (value) => {
    for (const pool of pools)
      await check(
        filled([1, 2, 7, 6], () => value),
        pool,
      );
  });

  it("on a plateau in a slope", async () => {
    const x = filled([1, 1, 8, 9], (index) => Math.min(4, index % 9, Math.floor(index / 9) + 1));
    for (const pool of pools) await check(x, pool);
  });

  it("by hand", async () => {
    const x = array([0, 1, 1, 0, 1, 1, 0, 0, 0], [1, 1, 3, 3]);
    const { gradients, upstream } = await engineGradients({
      variables: { x },
      apply: ({ x }) => maxPool(x, { kernel: 2 }),
    });
    const [a = 0, b = 0, c = 0, d = 0] = upstream.data;
    // Windows [[0,1],[0,1]], [[1,1],[1,1]], [[0,1],[0,0]] and [[1,1],[0,0]], where the second rows begin at
    // the map's second row.
    expect(Array.from(gradients.x.data)).toEqual(
      [0, a + b, 0, 0, c + d, 0, 0, 0, 0].map((dx) => expect.closeTo(dx, 6)),
    );
  });

  it("in chains of pools, whose plateaus grow", async () => {
    const crp: Pool = { kernel: 5, padding: 2 };
    await check(wholeNumbers([1, 3, 10, 9], { high: 4 }), crp, crp, crp, crp);
    await check(uniform([2, 2, 8, 11]), crp, crp, crp);
    await check(uniform([1, 2, 13, 10]), { kernel: 3, stride: 2, padding: 1 }, crp, { kernel: 2, stride: 2 });
  });
});

describe("any max-pool", () => {
  const pool = fc
    .record({
      kernel: fc.integer({ min: 1, max: 7 }),
      stride: fc.integer({ min: 1, max: 4 }),
      padding: fc.nat({ max: 5 }),
    })
    .filter(({ kernel, padding }) => padding < kernel);
  const shape = fc.tuple(
    fc.constantFrom(1, 2),
    fc.constantFrom(1, 3),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
  );

  it("has a naive loop's values and winners", async () => {
    const fitting = fc
      .tuple(pool, shape)
      .filter(([{ kernel, padding }, [, , h, w]]) => Math.min(h, w) + 2 * padding >= kernel);
    await fc.assert(
      fc.asyncProperty(fitting, fc.nat(), fc.constantFrom(1, 3, 1000), ([pool, shape], seed, high) =>
        check(wholeNumbers(shape, { seed: String(seed), low: -high, high }), pool),
      ),
      { numRuns: 30 },
    );
  });
});

describe("maxPool's shape rule", () => {
  it("keeps the element type", () => {
    expect(maxPool(input("bytes", [1, 3, 8, 8], "uint8"), { kernel: 3 }).dtype).toBe("uint8");
  });

  it("refuses a window larger than the padded map", () => {
    expect(() => maxPool(input("x", [1, 1, 4, 2]), { kernel: 3 })).toThrow(invalidGraph("maxPool"));
  });

  it("refuses what is no feature map", () => {
    expect(() => maxPool(input("x", [4, 4]), { kernel: 3 })).toThrow(invalidGraph("maxPool"));
  });

  it("refuses windows that lie in the padding alone", () => {
    expect(() => maxPool(input("x", [1, 1, 4, 4]), { kernel: 3, padding: 3 })).toThrow(
      invalidGraph("maxPool"),
    );
  });
});
