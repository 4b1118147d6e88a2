import { describe, expect, it } from "vitest";
import { relu } from "../../../src/graph/ops/activation.ts";
import { convolution } from "../../../src/graph/ops/convolution.ts";
import { batchNorm, batchNormWithUpdate, layerNorm } from "../../../src/graph/ops/normalization.ts";
import { symbol } from "../../../src/graph/shape.ts";
import { input } from "../../../src/graph/tensor.ts";
import { at, count, expectClose, filled, type NdArray, uniform } from "../../support/array.ts";
import { invalidGraph } from "../../support/errors.ts";
import { checkOp } from "../../support/gradient-check.ts";
import { fill, sumOver, valueAt } from "../../support/reference-broadcast.ts";
import { referenceConvolution } from "../../support/reference-convolution.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

interface Normalization {
  gamma: NdArray;
  beta: NdArray;
  mean: NdArray;
  variance: NdArray;
  epsilon?: number;
}

function normalize(x: NdArray, { gamma, beta, mean, variance, epsilon = 1e-5 }: Normalization): NdArray {
  return fill(x.shape, (place) => {
    const c = at(place, 1);
    const normalized = (valueAt(x, place) - at(mean.data, c)) / Math.sqrt(at(variance.data, c) + epsilon);
    return at(gamma.data, c) * normalized + at(beta.data, c);
  });
}

/** Mean and (biased) variance of each channel. */
function measure(x: NdArray): { mean: NdArray; variance: NdArray } {
  const channels = [x.shape[1] ?? 0];
  const m = count(x.shape) / (channels[0] ?? 0);
  const average = (values: NdArray) => ({
    shape: channels,
    data: sumOver(values, [0, 2, 3]).data.map((total) => total / m),
  });
  const mean = average(x);
  const centred = fill(x.shape, (place) => (valueAt(x, place) - at(mean.data, at(place, 1))) ** 2);
  return { mean, variance: average(centred) };
}

const c = 3;
const gamma = uniform([c], { seed: "gamma", low: 0.5, high: 1.5 });
const beta = uniform([c], { seed: "beta" });
const stored = {
  mean: uniform([c], { seed: "mean" }),
  variance: uniform([c], { seed: "variance", low: 0.5, high: 2 }),
};
const feeds = { runningMean: floats(stored.mean.data), runningVariance: floats(stored.variance.data) };
const runningMean = input("runningMean", [c]);
const runningVariance = input("runningVariance", [c]);

describe("batchNorm with stored statistics", () => {
  it.each([undefined, 1e-5, 0.1])("normalizes with them, epsilon %s", async (epsilon) => {
    await checkOp({
      variables: { x: uniform([2, c, 3, 4]), gamma, beta },
      apply: ({ x, gamma, beta }) => batchNorm(x, { gamma, beta, runningMean, runningVariance, epsilon }),
      reference: ({ x, gamma, beta }) => normalize(x, { gamma, beta, ...stored, epsilon }),
      feeds,
    });
  });

  it("stands tiny variances and negative factors", async () => {
    const variance = filled([c], (index) => index * 1e-4);
    await checkOp({
      variables: {
        x: uniform([1, c, 2, 2], { low: -0.01, high: 0.01 }),
        gamma: uniform([c], { low: -2, high: -1 }),
        beta,
      },
      apply: ({ x, gamma, beta }) => batchNorm(x, { gamma, beta, runningMean, runningVariance }),
      reference: ({ x, gamma, beta }) => normalize(x, { gamma, beta, mean: stored.mean, variance }),
      feeds: { ...feeds, runningVariance: floats(variance.data) },
    });
  });

  it("keeps symbolic sizes", () => {
    const shape = [1, c, symbol("H"), symbol("W")];
    const [gamma, beta] = [input("gamma", [c]), input("beta", [c])];
    expect(batchNorm(input("x", shape), { gamma, beta, runningMean, runningVariance }).shape).toEqual(shape);
  });

  it.each(["gamma", "beta", "runningMean", "runningVariance"])("refuses %s of other channels", (name) => {
    const parameters = { gamma: input("gamma", [c]), beta: input("beta", [c]), runningMean, runningVariance };
    const x = input("x", [1, c, 2, 2]);
    expect(() => batchNorm(x, { ...parameters, [name]: input(name, [c + 1]) })).toThrow(
      invalidGraph("batchNorm"),
    );
    expect(() => batchNorm(x, { ...parameters, [name]: input(name, [1, c]) })).toThrow(
      invalidGraph("batchNorm"),
    );
  });
});

describe("batchNormWithUpdate", () => {
  it.each<[string, number[], { low: number; high: number }, number]>([
    ["of a batch", [3, c, 3, 4], { low: -2, high: 3 }, 1e-5],
    ["of one image", [1, c, 4, 5], { low: -1, high: 1 }, 1e-5],
    ["of two values a channel", [2, c, 1, 1], { low: -1, high: 1 }, 1e-5],
    ["of values far from zero", [2, c, 3, 3], { low: 100, high: 100.5 }, 2e-4],
  ])(
    "normalizes with the statistics %s, and the gradient goes through them",
    async (_name, shape, range, tolerance) => {
      await checkOp({
        variables: { x: uniform(shape, range), gamma, beta },
        apply: ({ x, gamma, beta }) =>
          batchNormWithUpdate(x, { gamma, beta, runningMean, runningVariance }, 0.1).y,
        reference: ({ x, gamma, beta }) => normalize(x, { gamma, beta, ...measure(x) }),
        feeds,
        tolerance,
      });
    },
  );

  it("passes the gradient on to the convolution before it", async () => {
    const weight = uniform([c, 2, 3, 3], { seed: "weight" });
    await checkOp({
      variables: { x: uniform([2, 2, 4, 4]), weight, gamma, beta },
      apply({ x, weight, gamma, beta }) {
        const map = convolution(x, weight, { padding: 1 });
        return relu(
          batchNormWithUpdate(map, { gamma, beta, runningMean, runningVariance, epsilon: 1e-3 }, 0.1).y,
        );
      },
      reference({ x, weight, gamma, beta }) {
        const map = referenceConvolution(x, weight, undefined, { padding: [1, 1] });
        const y = normalize(map, { gamma, beta, ...measure(map), epsilon: 1e-3 });
        return { ...y, data: y.data.map((value) => Math.max(0, value)) };
      },
      feeds,
    });
  });

  it("moves the stored statistics towards the batch's, by hand", async () => {
    const [x, one] = [input("x", [2, 1, 1, 2]), input("one", [1])];
    const updated = batchNormWithUpdate(
      x,
      { gamma: one, beta: one, runningMean: input("mean", [1]), runningVariance: input("variance", [1]) },
      0.1,
    );
    // Mean 3, sum of squared deviations 4 + 1 + 0 + 9 = 14, unbiased variance 14 / 3.
    const result = await runGraph(
      { mean2: updated.runningMean, variance2: updated.runningVariance, y: updated.y },
      { x: floats([1, 2, 3, 6], [2, 1, 1, 2]), one: floats([1]), mean: floats([10]), variance: floats([2]) },
    );
    expect(result.mean2.data[0]).toBeCloseTo(0.9 * 10 + 0.1 * 3, 5);
    expect(result.variance2.data[0]).toBeCloseTo(0.9 * 2 + (0.1 * 14) / 3, 5);
    // y uses the biased variance, 14 / 4.
    const y = [-2, -1, 0, 3].map((value) => value / Math.sqrt(3.5 + 1e-5) + 1);
    expectClose(result.y, { shape: [2, 1, 1, 2], data: y });
  });

  it("of a single value a channel gives beta and no NaN", async () => {
    const x = input("x", [1, c, 1, 1]);
    const ones = input("ones", [c]);
    const updated = batchNormWithUpdate(x, { gamma: ones, beta: ones, runningMean, runningVariance }, 0.5);
    const result = await runGraph(
      { y: updated.y, variance: updated.runningVariance },
      { x: floats([5, -3, 0.25], [1, c, 1, 1]), ones: floats([1, 1, 1]), ...feeds },
    );
    expectClose(result.y, { shape: [1, c, 1, 1], data: [1, 1, 1] });
    expectClose(result.variance, { shape: [c], data: stored.variance.data.map((value) => 0.5 * value) });
  });

  it("needs fixed sizes", () => {
    const x = input("x", [1, c, symbol("H"), 4]);
    const [gamma, beta] = [input("gamma", [c]), input("beta", [c])];
    const parameters = { gamma, beta, runningMean, runningVariance };
    expect(() => batchNormWithUpdate(x, parameters, 0.1)).toThrow(invalidGraph("batchNorm"));
  });
});

describe("layerNorm", () => {
  const reference = (x: NdArray, gamma: NdArray, beta: NdArray, epsilon = 1e-5) =>
    fill(x.shape, (place) => {
      const values = Array.from(gamma.data, (_, channel) => valueAt(x, place.with(1, channel)));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      const channel = at(place, 1);
      return (
        at(gamma.data, channel) * ((valueAt(x, place) - mean) / Math.sqrt(variance + epsilon)) +
        at(beta.data, channel)
      );
    });

  it.each<[string, NdArray, number | undefined]>([
    ["of a batch", uniform([3, c, 3, 5], { low: -2, high: 3 }), undefined],
    ["of one pixel", uniform([1, c, 1, 1]), undefined],
    ["with a large epsilon", uniform([2, c, 2, 3]), 0.1],
    ["of pixels whose channels are all alike", filled([1, c, 2, 2], () => 3), undefined],
  ])("normalizes each pixel over its channels: %s", async (_name, x, epsilon) => {
    await checkOp({
      variables: { x, gamma, beta },
      apply: ({ x, gamma, beta }) => layerNorm(x, { gamma, beta, epsilon }),
      reference: ({ x, gamma, beta }) => reference(x, gamma, beta, epsilon),
    });
  });

  it("of two channels, by hand", async () => {
    const [x, one] = [input("x", [1, 2, 1, 1]), input("one", [2])];
    const result = await runGraph(
      { y: layerNorm(x, { gamma: one, beta: one, epsilon: 0 }) },
      { x: floats([10, 4], [1, 2, 1, 1]), one: floats([1, 1]) },
    );
    expect(Array.from(result.y.data)).toEqual([2, 0]);
  });

  it("keeps symbolic sizes", () => {
    const shape = [symbol("N"), c, symbol("H"), symbol("W")];
    expect(
      layerNorm(input("x", shape), { gamma: input("gamma", [c]), beta: input("beta", [c]) }).shape,
    ).toEqual(shape);
  });
});
