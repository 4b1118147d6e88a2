import { describe, expect, it } from "vitest";
import { relu } from "../../../src/graph/ops/activation.ts";
import { convolution } from "../../../src/graph/ops/convolution.ts";
import { add } from "../../../src/graph/ops/elementwise.ts";
import { distributeConvolutions } from "../../../src/graph/rewrite/distribute-convolutions.ts";
import { input, type Tensor } from "../../../src/graph/tensor.ts";
import { expectSameValues, weight } from "../../support/rewrite.ts";

const distributeIn = (tensor: Tensor) => distributeConvolutions([tensor])(tensor);

const [a, b] = [input("a", [2, 40, 7, 5]), input("b", [2, 6, 7, 5])];
const mixed = () => convolution(b, weight("w", [40, 6, 1, 1]));
const classify = (x: Tensor, options = {}) =>
  convolution(x, weight("k", [4, 40, 3, 3]), { padding: 1, bias: weight("c", [4]), ...options });

describe("distributeConvolutions", () => {
  it.each<[string, Tensor]>([
    ["the second of two terms", classify(add(a, mixed()))],
    ["the first of two terms", classify(add(mixed(), a))],
    ["a classifier with stride and dilation", classify(add(a, mixed()), { stride: 2, dilation: 2 })],
    ["a classifier without a bias", classify(add(a, mixed()), { bias: undefined })],
    ["kernels of 1x1", convolution(add(a, mixed()), weight("k", [30, 40, 1, 1]))],
  ])("keeps the values, borders included: %s", async (_name, plain) => {
    const rewritten = distributeIn(plain);
    expect(rewritten.op).toBe("add");
    expect(rewritten.macs() + rewritten.inputs.reduce((sum, x) => sum + x.macs(), 0)).toBeLessThan(
      plain.macs() + mixed().macs(),
    );
    await expectSameValues(plain, rewritten);
  });

  it.each<[string, () => Tensor]>([
    [
      "kernels that cost more than the matrix",
      () => convolution(add(a, mixed()), weight("k", [5, 40, 3, 3])),
    ],
    [
      "a term with a bias, which has none beyond the border",
      () => classify(add(a, convolution(b, weight("w", [40, 6, 1, 1]), { bias: weight("d", [40]) }))),
    ],
    [
      "a term with kernels of its own",
      () => classify(add(a, convolution(b, weight("w", [40, 6, 3, 3]), { padding: 1 }))),
    ],
    ["a term that the sum repeats", () => classify(add(weight("r", [1, 40, 1, 1]), mixed()))],
    ["an activation between", () => classify(relu(add(a, mixed())))],
    ["a classifier in groups", () => convolution(add(a, mixed()), weight("k", [4, 10, 1, 1]), { groups: 4 })],
  ])("leaves %s", (_name, build) => {
    const plain = build();
    expect(distributeIn(plain)).toBe(plain);
  });

  it("leaves a sum, and a term, that something else reads too", () => {
    const sum = add(a, mixed());
    const both = add(classify(sum), convolution(sum, weight("other", [4, 40, 1, 1])));
    expect(distributeIn(both)).toBe(both);
    const term = mixed();
    const plain = classify(add(a, term));
    expect(distributeConvolutions([plain, term])(plain)).toBe(plain);
  });
});
