import { describe, expect, it } from "vitest";
import { convolution } from "../../../src/graph/ops/convolution.ts";
import { add, divide, multiply, squareRoot, subtract } from "../../../src/graph/ops/elementwise.ts";
import { matmul } from "../../../src/graph/ops/matmul.ts";
import { broadcastTo, reshape } from "../../../src/graph/ops/reduction.ts";
import { foldConstants } from "../../../src/graph/rewrite/fold-constants.ts";
import { collect, constant, input, parameter, scalar, type Tensor } from "../../../src/graph/tensor.ts";
import { expectClose, uniform } from "../../support/array.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

const weight = (name: string, shape: readonly number[]) =>
  parameter(name, shape, { initialization: { kind: "constant", value: 0 } });

const known = (values: Readonly<Record<string, readonly number[]>>) => (name: string) => {
  const value = values[name];
  return value && Float32Array.from(value);
};

describe("foldConstants", () => {
  it("replaces what is made of weights by its value, named after the first of them", () => {
    const x = input("x", [1, 1, 2, 2]);
    const doubled = multiply(weight("conv.weight", [1, 1, 1, 1]), scalar(2));
    const y = convolution(x, doubled, { bias: subtract(weight("conv.bias", [1]), scalar(1)) });
    const { current, weights } = foldConstants([y], known({ "conv.weight": [3], "conv.bias": [5] }));
    expect([...weights]).toEqual([
      ["%of:conv.weight", Float32Array.of(6)],
      ["%of:conv.bias", Float32Array.of(4)],
    ]);
    expect(collect([current(y)]).map(({ op }) => op)).toEqual([
      "input",
      "parameter",
      "parameter",
      "convolution",
    ]);
  });

  it("keeps the weights that are read as they are, and no others", () => {
    const kept = weight("kept", [2]);
    const [sum, half] = [add(input("x", [2]), kept), multiply(kept, scalar(0.5))];
    const { current, weights } = foldConstants([sum, half], known({ kept: [4, 8], unread: [1] }));
    expect(Object.fromEntries(weights)).toEqual({
      kept: Float32Array.of(4, 8),
      "%of:kept": Float32Array.of(2, 4),
    });
    expect(current(sum).inputs[1]).toBe(kept);
    expect(current(half).op).toBe("parameter");
  });

  it("leaves whole numbers alone, which are no weights", () => {
    const places = reshape(constant(Int32Array.of(3, 1), [2]), [2, 1]);
    const { current, weights } = foldConstants([places], () => undefined);
    expect(current(places)).toBe(places);
    expect(weights.size).toBe(0);
  });

  it("gives values of the same first weight different names", () => {
    const w = weight("w", [1]);
    const { weights } = foldConstants(
      [add(w, scalar(1)), add(w, scalar(2)), add(w, scalar(3))],
      known({ w: [10] }),
    );
    expect(Object.fromEntries(weights)).toEqual({
      "%of:w": Float32Array.of(11),
      "%of:w#2": Float32Array.of(12),
      "%of:w#3": Float32Array.of(13),
    });
  });

  it("leaves what is made of weights that are not known", () => {
    const sum = add(weight("known", [1]), weight("unknown", [1]));
    const { current, weights } = foldConstants([sum], known({ known: [1] }));
    expect(current(sum).op).toBe("add");
    expect([...weights.keys()]).toEqual(["known"]);
  });

  const [matrix, row, column] = [weight("m", [2, 3]), weight("r", [3]), weight("c", [2, 1])];
  it.each<[string, Tensor, number[]]>([
    ["a sum over rows", add(matrix, row), [11, 22, 33, 14, 25, 36]],
    ["a sum over columns", add(column, matrix), [101, 102, 103, 204, 205, 206]],
    ["an outer product", multiply(row, column), [1000, 2000, 3000, 2000, 4000, 6000]],
    ["a difference", subtract(scalar(1), row), [-9, -19, -29]],
    ["a quotient", divide(row, scalar(4)), [2.5, 5, 7.5]],
    ["square roots", squareRoot(divide(column, scalar(2))), [Math.fround(Math.sqrt(50)), 10]],
    [
      "a product of matrices",
      matmul(constant(Float32Array.of(1, 2, 3, 4), [2, 2]), matrix),
      [9, 12, 15, 19, 26, 33],
    ],
    ["another shape", reshape(matrix, [3, 2]), [1, 2, 3, 4, 5, 6]],
    ["repetition", broadcastTo(column, [2, 3]), [100, 100, 100, 200, 200, 200]],
    [
      "a product of matrices that are transposed",
      matmul(matrix, constant(Float32Array.of(1, 2, 3, 4), [2, 2]), { transposeA: true, transposeB: true }),
      // [[1, 4], [2, 5], [3, 6]] x [[1, 3], [2, 4]]
      [9, 19, 12, 26, 15, 33],
    ],
    [
      "one product for each leading place",
      matmul(reshape(matrix, [2, 1, 3]), constant(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3, 1])),
      // [1, 2, 3] . [1, 2, 3], [4, 5, 6] . [4, 5, 6]
      [14, 77],
    ],
  ])("works out %s", (_name, tensor, expected) => {
    const values = { m: [1, 2, 3, 4, 5, 6], r: [10, 20, 30], c: [100, 200] };
    const { current, weights } = foldConstants([tensor], known(values));
    expect(current(tensor).shape).toEqual(tensor.shape);
    expect([...weights.values()]).toEqual([Float32Array.from(expected)]);
  });

  it("agrees with the engine on shapes that repeat at several axes", async () => {
    const random = (name: string, shape: readonly number[]) =>
      floats(uniform(shape, { seed: name }).data, shape);
    const feeds = { a: random("a", [3, 1, 4, 1, 2]), b: random("b", [2, 1, 5, 1]) };
    const product = multiply(weight("a", [3, 1, 4, 1, 2]), weight("b", [2, 1, 5, 1]));
    const expected = await runGraph({ product }, feeds);
    const { weights } = foldConstants([product], known({ a: [...feeds.a.data], b: [...feeds.b.data] }));
    const [value = new Float32Array()] = weights.values();
    expectClose({ data: value, shape: [3, 2, 4, 5, 2] }, expected.product);
  });
});
