import { describe, expect, it } from "vitest";
import { differentiate } from "../../src/graph/gradient.ts";
import { relu } from "../../src/graph/ops/activation.ts";
import { convolution } from "../../src/graph/ops/convolution.ts";
import { add, divide, multiply, subtract } from "../../src/graph/ops/elementwise.ts";
import { mean } from "../../src/graph/ops/mean.ts";
import { maxPool } from "../../src/graph/ops/pooling.ts";
import { sum } from "../../src/graph/ops/reduction.ts";
import { symbol } from "../../src/graph/shape.ts";
import { collect, constant, input, parameter, scalar, type Tensor } from "../../src/graph/tensor.ts";
import { at, uniform } from "../support/array.ts";
import { invalidGraph } from "../support/errors.ts";
import { checkOp } from "../support/gradient-check.ts";
import { referenceConvolution } from "../support/reference-convolution.ts";
import { floats, runGraph } from "../support/run-graph.ts";

/** A number that is fed as `name`. */
const number = (name: string) => input(name, []);

async function derivativesAt(
  loss: Tensor,
  variables: readonly Tensor[],
  values: Readonly<Record<string, number>>,
): Promise<(number | undefined)[]> {
  const names = variables.map((_, index) => `derivative${index}`);
  const tensors = differentiate(loss, variables);
  const outputs = Object.fromEntries(tensors.map((tensor, index) => [names[index], tensor]));
  const feeds = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, floats([value], [])]),
  );
  const results = await runGraph<string>(outputs, feeds);
  return names.map((name) => results[name]?.data[0]);
}

describe("differentiate", () => {
  const [x, y] = [number("x"), number("y")];

  it("adds up what a variable does along several paths", async () => {
    // d/dx (x² y + x y - x / y) = 2 x y + y - 1 / y,  d/dy = x² + x + x / y²
    const xy = multiply(x, y);
    const loss = subtract(add(multiply(x, xy), xy), divide(x, y));
    const [dx, dy] = await derivativesAt(loss, [x, y], { x: 3, y: 2 });
    expect(dx).toBeCloseTo(12 + 2 - 0.5, 5);
    expect(dy).toBeCloseTo(9 + 3 + 0.75, 5);
  });

  it("adds up over many uses of one tensor", async () => {
    const squared = multiply(x, x);
    const loss = [1, 2, 3].reduce((total, factor) => add(total, multiply(squared, scalar(factor))), squared);
    expect(await derivativesAt(loss, [x], { x: 5 })).toEqual([7 * 10]);
  });

  it("takes a tensor amid the graph for a variable, alone and beside those it depends on", async () => {
    const squared = multiply(x, x);
    const loss = multiply(squared, scalar(4));
    expect(await derivativesAt(loss, [squared], { x: 3 })).toEqual([4]);
    expect(await derivativesAt(loss, [x, squared], { x: 3 })).toEqual([24, 4]);
  });

  it("of the loss itself is 1, and of a variable named twice comes twice", async () => {
    const loss = multiply(x, y);
    expect(await derivativesAt(loss, [loss, x, x], { x: 3, y: 2 })).toEqual([1, 2, 2]);
  });

  it("goes through the derivative again", async () => {
    const [slope = x] = differentiate(multiply(multiply(x, x), x), [x]);
    expect(await derivativesAt(slope, [x], { x: 2 })).toEqual([12]);
  });

  it("gives tensors of the variables' shapes", () => {
    const [weight, image] = [input("weight", [4, 3, 3, 3]), input("image", [2, 3, 5, 6])];
    const loss = mean(convolution(image, weight), [0, 1, 2, 3]);
    expect(differentiate(loss, [image, weight]).map(({ shape }) => shape)).toEqual([
      image.shape,
      weight.shape,
    ]);
  });

  it("derives nothing that lies behind no variable", () => {
    const [weight, image] = [input("weight", [4, 3, 1, 1]), input("image", [2, 3, 5, 6])];
    const loss = mean(relu(convolution(image, weight)), [0, 1, 2, 3]);
    const ops = (variables: Tensor[]) => collect(differentiate(loss, variables)).map(({ op }) => op);
    expect(ops([weight])).not.toContain("convolutionDataGradient");
    expect(ops([weight])).toContain("convolutionWeightGradient");
    expect(ops([image])).not.toContain("convolutionWeightGradient");
  });

  it("does not ask for a derivative where only something else passes", () => {
    const pooled = maxPool(input("image", [1, 1, 4, 4]), { kernel: 2 });
    const factor = number("factor");
    const loss = sum(multiply(pooled, factor), [0, 1, 2, 3]);
    expect(collect(differentiate(loss, [factor])).map(({ op }) => op)).not.toContain("maxPoolGradient");
  });

  it("is right for a small network with a shortcut", async () => {
    const firstPadding = { padding: [1, 1] } as const;
    await checkOp({
      variables: {
        x: uniform([2, 2, 4, 4]),
        first: uniform([3, 2, 3, 3], { seed: "first" }),
        second: uniform([2, 3, 1, 1], { seed: "second" }),
      },
      apply: ({ x, first, second }) => add(x, convolution(relu(convolution(x, first, firstPadding)), second)),
      reference({ x, first, second }) {
        const hidden = referenceConvolution(x, first, undefined, firstPadding);
        const clipped = { ...hidden, data: hidden.data.map((value) => Math.max(0, value)) };
        const residual = referenceConvolution(clipped, second, undefined, {});
        return { ...x, data: x.data.map((value, index) => value + at(residual.data, index)) };
      },
    });
  });
});

describe("differentiate refuses", () => {
  const x = parameter("x", [2, 3], { initialization: { kind: "constant", value: 0 } });

  it("a loss that is no scalar", () => {
    expect(() => differentiate(relu(x), [x])).toThrow(invalidGraph("differentiate"));
    expect(() => differentiate(sum(x, [0, 1], { keepDims: true }), [x])).toThrow("[1, 1]");
  });

  it("a variable without influence, by its name", () => {
    const loss = sum(x, [0, 1]);
    expect(() => differentiate(loss, [x, input("bystander", [1])])).toThrow(invalidGraph("differentiate"));
    expect(() => differentiate(loss, [input("bystander", [1])])).toThrow(
      "bystander has no influence on the loss",
    );
    expect(() => differentiate(loss, [constant(Float32Array.of(1), [1])])).toThrow(
      "constant has no influence",
    );
  });

  it("sizes known only at the run", () => {
    const image = input("image", [1, 3, symbol("H"), symbol("W")]);
    const weight = input("weight", [4, 3, 1, 1]);
    const maps: [Tensor, variable: Tensor][] = [
      [convolution(image, weight), weight],
      [maxPool(image, { kernel: 2 }), image],
      [relu(image), image],
    ];
    for (const [map, variable] of maps) {
      expect(() => differentiate(sum(map, [0, 1, 2, 3]), [variable])).toThrow("must be fixed here");
    }
  });
});
