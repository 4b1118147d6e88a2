import { describe, expect, it } from "vitest";
import { relu } from "../../../src/graph/ops/activation.ts";
import { type ConvolutionOptions, convolution } from "../../../src/graph/ops/convolution.ts";
import { add } from "../../../src/graph/ops/elementwise.ts";
import { mergeConvolutions } from "../../../src/graph/rewrite/merge-convolutions.ts";
import { collect, input, type Tensor } from "../../../src/graph/tensor.ts";
import { expectSameValues, weight } from "../../support/rewrite.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

const convolutions = (tensor: Tensor) => collect([tensor]).filter(({ op }) => op === "convolution");

const mergeIn = (tensor: Tensor) => mergeConvolutions([tensor])(tensor);

/** Two convolutions with nothing between: `[wide, 3, kernel, kernel]` and `[4, wide, 1, 1]`. */
function pair(wide: number, { kernel = 1, first = {}, biases = [true, true] }: PairOptions = {}): Tensor {
  const [firstBias, secondBias] = biases;
  const between = convolution(input("x", [2, 3, 7, 5]), weight("first.weight", [wide, 3, kernel, kernel]), {
    ...first,
    ...(firstBias && { bias: weight("first.bias", [wide]) }),
  });
  const bias = secondBias ? weight("second.bias", [4]) : undefined;
  return convolution(between, weight("second.weight", [4, wide, 1, 1]), { bias });
}

interface PairOptions {
  kernel?: number;
  first?: ConvolutionOptions;
  biases?: readonly [first: boolean, second: boolean];
}

describe("mergeConvolutions", () => {
  it("multiplies the matrices of two 1x1 convolutions", async () => {
    // The middle: 2 x0 + 3 x1 + 1 and 5 x0 + 7 x1. The result: the first and twice the second and 4.
    const between = convolution(input("x", [1, 2, 1, 1]), weight("a", [2, 2, 1, 1]), {
      bias: weight("b", [2]),
    });
    const mixed = convolution(between, weight("c", [1, 2, 1, 1]), { bias: weight("d", [1]) });
    const merged = mergeIn(mixed);
    expect(convolutions(merged)).toHaveLength(1);
    const feeds = {
      x: floats([10, 100], [1, 2, 1, 1]),
      a: floats([2, 3, 5, 7], [2, 2, 1, 1]),
      b: floats([1, 0]),
      c: floats([1, 2], [1, 2, 1, 1]),
      d: floats([4]),
    };
    // 12 x0 + 17 x1 + 1 + 4
    expect((await runGraph({ merged }, feeds)).merged.data).toEqual(Float32Array.of(1825));
  });

  it.each<[string, PairOptions]>([
    ["1x1", {}],
    ["1x1 with stride", { first: { stride: [2, 1] } }],
    ["1x1 without biases", { biases: [false, false] }],
    ["3x3 with padding", { kernel: 3, first: { padding: [1, 2] } }],
    ["3x3 with a bias of its own alone", { kernel: 3, biases: [true, false] }],
    ["3x3 with dilation, without a bias", { kernel: 3, first: { dilation: 2 }, biases: [false, true] }],
  ])("keeps the values of a first convolution of %s", async (_name, options) => {
    const plain = pair(40, options);
    const merged = mergeIn(plain);
    expect(convolutions(merged)).toHaveLength(1);
    await expectSameValues(plain, merged);
  });

  it("counts multiply-accumulates: 4 channels from 3 through a middle that is wide enough", () => {
    // 4 x 3 against 3 wide + 4 wide: less from a width of 2 on.
    expect(convolutions(mergeIn(pair(1)))).toHaveLength(2);
    expect(convolutions(mergeIn(pair(2)))).toHaveLength(1);
    // 4 x 3 x 9 = 108 against (3 x 9 + 4) wide: less from a width of 4 on.
    expect(convolutions(mergeIn(pair(3, { kernel: 3 })))).toHaveLength(2);
    expect(convolutions(mergeIn(pair(4, { kernel: 3 })))).toHaveLength(1);
  });

  it("merges a chain of three", async () => {
    const plain = convolution(pair(8), weight("third.weight", [2, 4, 1, 1]));
    const merged = mergeIn(plain);
    expect(convolutions(merged)).toHaveLength(1);
    await expectSameValues(plain, merged);
  });

  it.each<[string, (between: Tensor) => Tensor]>([
    ["a middle that something else reads too", (x) => add(convolution(x, weight("w", [8, 8, 1, 1])), x)],
    ["an activation between", (x) => convolution(relu(x), weight("w", [2, 8, 1, 1]))],
    ["a second one with a larger kernel", (x) => convolution(x, weight("w", [2, 8, 3, 3]))],
    ["a second one with a wide kernel", (x) => convolution(x, weight("w", [2, 8, 1, 3]))],
    ["a second one with a high kernel", (x) => convolution(x, weight("w", [2, 8, 3, 1]))],
    ["a second one that skips places", (x) => convolution(x, weight("w", [2, 8, 1, 1]), { stride: 2 })],
    ["a second one with padding", (x) => convolution(x, weight("w", [2, 8, 1, 1]), { padding: 1 })],
    ["a second one in groups", (x) => convolution(x, weight("w", [2, 4, 1, 1]), { groups: 2 })],
  ])("leaves %s", (_name, after) => {
    const plain = after(convolution(input("x", [1, 3, 6, 6]), weight("first", [8, 3, 1, 1])));
    expect(mergeIn(plain)).toBe(plain);
  });

  it("leaves a first one in groups, and a middle that is an output", () => {
    const grouped = convolution(input("x", [1, 4, 6, 6]), weight("first", [8, 1, 1, 1]), { groups: 4 });
    const mixed = convolution(grouped, weight("second", [2, 8, 1, 1]));
    expect(mergeIn(mixed)).toBe(mixed);

    const plain = pair(8);
    const [between] = plain.inputs;
    if (!between) throw new Error("a convolution has an input");
    expect(mergeConvolutions([plain, between])(plain)).toBe(plain);
  });
});
