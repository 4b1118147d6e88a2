import { describe, expect, it } from "vitest";
import { multiply } from "../../../src/graph/ops/elementwise.ts";
import { flatten, unflatten } from "../../../src/graph/ops/flatten.ts";
import { formatShape, symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { uniform } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { checkOp } from "../../support/gradient-check.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

describe("flatten and unflatten", () => {
  it.each([[[2, 3, 4, 5]], [[1, 1, 1, 1]], [[3, 2, 1, 7]]])(
    "put the pixels of %j into rows, and back",
    async (shape) => {
      const [n = 0, c = 0, h = 0, w = 0] = shape;
      await checkOp({
        variables: { x: uniform(shape) },
        apply: ({ x }) => flatten(x),
        reference: ({ x }) => ({ shape: [n, c, h * w], data: x.data }),
      });
      await checkOp({
        variables: { x: uniform([n, c, h * w]) },
        apply: ({ x }) => unflatten(x, { like: input("like", [n, 9, h, w]) }),
        reference: ({ x }) => ({ shape, data: x.data }),
        feeds: { like: floats(new Float32Array(n * 9 * h * w), [n, 9, h, w]) },
      });
    },
  );

  it("work on sizes known only at the run", async () => {
    const [n, h, w] = [symbol("N"), symbol("H"), symbol("W")];
    const [x, like] = [input("x", [n, 2, h, w]), input("like", [n, 1, h, w])];
    const rows = flatten(x);
    const map = unflatten(multiply(rows, rows), { like });
    expect(formatShape(rows.shape)).toBe("[N, 2, (H)*(W)]");
    expect(map.shape).toEqual([n, 2, h, w]);
    const values = uniform([3, 2, 5, 7]);
    const result = await runGraph(
      { rows, map },
      { x: floats(values.data, values.shape), like: floats(new Float32Array(105), [3, 1, 5, 7]) },
    );
    expect(result.rows).toMatchObject({ shape: [3, 2, 35], data: Float32Array.from(values.data) });
    expect(result.map).toMatchObject({
      shape: [3, 2, 5, 7],
      data: Float32Array.from(values.data).map((v) => v * v),
    });
  });

  it("know that sizes are the same when their factors are", () => {
    const [h, w] = [symbol("H"), symbol("W")];
    const map = input("map", [1, 4, h, 3]);
    expect(flatten(map).shape).toEqual(flatten(input("other", [1, 4, h, 3])).shape);
    expect(() => unflatten(flatten(map), { like: input("like", [1, 4, w, 3]) })).toThrow(
      invalidGraph("unflatten"),
    );
  });

  it("refuse what is no feature map, and rows of other pixels or another batch", () => {
    const like = input("like", [2, 4, 3, 5]);
    expect(() => flatten(input("x", [2, 3, 4]))).toThrow(invalidGraph("flatten"));
    expect(() => unflatten(input("x", [2, 4, 14]), { like })).toThrow(invalidGraph("unflatten"));
    expect(() => unflatten(input("x", [1, 4, 15]), { like })).toThrow(invalidGraph("unflatten"));
    expect(() => unflatten(input("x", [2, 4, 3, 5]), { like })).toThrow(invalidGraph("unflatten"));
  });
});
