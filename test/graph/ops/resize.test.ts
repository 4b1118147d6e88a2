import { describe, expect, it } from "vitest";
import { differentiate } from "../../../src/graph/gradient.ts";
import { lowerToOnnx } from "../../../src/graph/onnx/lower.ts";
import { add } from "../../../src/graph/ops/elementwise.ts";
import { maxPool } from "../../../src/graph/ops/pooling.ts";
import { sum } from "../../../src/graph/ops/reduction.ts";
import { interpolationMatrix, resize } from "../../../src/graph/ops/resize.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { openNodeSession } from "../../../src/runtime/node/session.ts";
import { expectClose, filled, uniform } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { checkOp } from "../../support/gradient-check.ts";
import { referenceResize } from "../../support/reference-resize.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

type Size = [number, number];

describe.each([true, false])("resize with aligned corners: %s", (alignCorners) => {
  it.each<[string, from: Size, to: Size]>([
    ["up by 2", [3, 4], [6, 8]],
    ["up by 4", [2, 3], [8, 12]],
    ["up to odd sizes", [3, 4], [7, 9]],
    ["up from even to odd, one less than double", [4, 6], [7, 11]],
    ["down by 2", [6, 8], [3, 4]],
    ["down to odd sizes", [8, 9], [5, 3]],
    ["up in one direction and down in the other", [7, 3], [4, 8]],
    ["to one pixel", [5, 4], [1, 1]],
    ["from one pixel", [1, 1], [4, 5]],
    ["from a row", [1, 5], [3, 8]],
    ["from two pixels to three", [2, 2], [3, 3]],
    ["to the same size", [4, 5], [4, 5]],
  ])("%s", async (_name, from, to) => {
    await checkOp({
      variables: { x: uniform([2, 2, ...from]) },
      apply: ({ x }) => resize(x, { size: to, alignCorners }),
      reference: ({ x }) => referenceResize(x, to, alignCorners),
    });
  });

  it("to the size of another map, whose values do not matter", async () => {
    const like = filled([2, 3, 9, 8], () => 1);
    await checkOp({
      variables: { x: uniform([2, 2, 4, 5]) },
      apply: ({ x }) => resize(x, { like: input("like", like.shape), alignCorners }),
      reference: ({ x }) => referenceResize(x, [9, 8], alignCorners),
      feeds: { like: floats(like.data, like.shape) },
    });
  });

  it("twice in a row, and to a map that the same values made", async () => {
    await checkOp({
      variables: { x: uniform([1, 2, 6, 7]) },
      apply: ({ x }) => {
        const small = resize(x, { size: [3, 3], alignCorners });
        return add(x, resize(small, { like: x, alignCorners }));
      },
      reference: ({ x }) => {
        const back = referenceResize(referenceResize(x, [3, 3], alignCorners), [6, 7], alignCorners);
        return { ...x, data: x.data.map((value, index) => value + (back.data[index] ?? Number.NaN)) };
      },
    });
  });
});

describe("resize by hand", () => {
  const x = input("x", [1, 1, 1, 3]);
  const feeds = { x: floats([0, 3, 9], [1, 1, 1, 3]) };
  const close = (values: number[]) => values.map((value) => expect.closeTo(value, 5));

  it("keeps the corner pixels where corners are aligned", async () => {
    const { up, down } = await runGraph(
      {
        up: resize(x, { size: [1, 5], alignCorners: true }),
        down: resize(x, { size: [1, 2], alignCorners: true }),
      },
      feeds,
    );
    expect(Array.from(up.data)).toEqual(close([0, 1.5, 3, 6, 9]));
    expect(Array.from(down.data)).toEqual(close([0, 9]));
  });

  it("keeps the corners of the picture where not", async () => {
    const { up, down } = await runGraph(
      {
        up: resize(x, { size: [2, 6], alignCorners: false }),
        down: resize(x, { size: [1, 1], alignCorners: false }),
      },
      feeds,
    );
    const row = [0, 0.75, 2.25, 4.5, 7.5, 9];
    expect(up.shape).toEqual([1, 1, 2, 6]);
    expect(Array.from(up.data)).toEqual(close([...row, ...row]));
    expect(Array.from(down.data)).toEqual(close([3]));
  });

  it("weighs the pixels of each position to a sum of 1", () => {
    expect(Array.from(interpolationMatrix(2, 3, true))).toEqual([1, 0, 0.5, 0.5, 0, 1]);
    expect(Array.from(interpolationMatrix(1, 2, true))).toEqual([1, 1]);
    expect(Array.from(interpolationMatrix(3, 1, true))).toEqual([1, 0, 0]);
    expect(Array.from(interpolationMatrix(3, 1, false))).toEqual([0, 1, 0]);
    expect(Array.from(interpolationMatrix(2, 4, false))).toEqual([1, 0, 0.75, 0.25, 0.25, 0.75, 0, 1]);
  });
});

describe("resize of sizes known only at the run", () => {
  const [n, h, w] = [symbol("N"), symbol("H"), symbol("W")];
  const sizes: Size[] = [
    [7, 9],
    [12, 5],
  ];

  it.each([true, false])("follows another map, aligned corners: %s", async (alignCorners) => {
    const x = input("x", [n, 2, h, w]);
    const y = resize(maxPool(x, { kernel: 3, stride: 2, padding: 1 }), { like: x, alignCorners });
    expect(y.shape).toEqual(x.shape);
    const session = await openNodeSession(
      lowerToOnnx({ y, pooled: y.inputs[0] ?? y }, { parameters: () => "input" }),
    );
    for (const [batch, size] of sizes.entries()) {
      const values = uniform([batch + 1, 2, ...size]);
      const { y, pooled } = await session.run({ x: floats(values.data, values.shape) }, ["y", "pooled"]);
      const map = { shape: pooled.shape, data: Float64Array.from(pooled.data) };
      expectClose(y, referenceResize(map, size, alignCorners));
    }
    await session.dispose();
  });

  it("keeps a batch size known only at the run", async () => {
    const y = resize(input("x", [n, 2, h, w]), { size: [3, 8], alignCorners: true });
    expect(y.shape).toEqual([n, 2, 3, 8]);
    const values = uniform([3, 2, 5, 4]);
    const result = await runGraph({ y }, { x: floats(values.data, values.shape) });
    expectClose(result.y, referenceResize(values, [3, 8], true));
  });

  it("has no gradient", () => {
    const x = input("x", [1, 2, h, w]);
    const y = sum(resize(x, { size: [3, 3], alignCorners: true }), [0, 1, 2, 3]);
    expect(() => differentiate(y, [x])).toThrow(invalidGraph("resize"));
  });

  it("refuses what is no feature map", () => {
    expect(() => resize(input("x", [3, 4]), { size: [2, 2], alignCorners: true })).toThrow(
      invalidGraph("resize"),
    );
    const like = input("like", [3, 4]);
    expect(() => resize(input("x", [1, 1, 3, 4]), { like, alignCorners: true })).toThrow(
      invalidGraph("resize"),
    );
  });
});
