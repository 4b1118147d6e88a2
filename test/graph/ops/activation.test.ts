import { describe, expect, it } from "vitest";
import { gelu, relu, relu6 } from "../../../src/graph/ops/activation.ts";
import { multiply } from "../../../src/graph/ops/elementwise.ts";
import { input, type Tensor } from "../../../src/graph/tensor.ts";
import { array, at, type NdArray, uniform } from "../../support/array.ts";
import { checkOp, engineGradients } from "../../support/gradient-check.ts";

const clip = (upper: number) => (x: NdArray) => ({
  ...x,
  data: x.data.map((value) => Math.min(Math.max(value, 0), upper)),
});

const activations: [name: string, apply: (x: Tensor) => Tensor, reference: (x: NdArray) => NdArray][] = [
  ["relu", relu, clip(Number.POSITIVE_INFINITY)],
  ["relu6", relu6, clip(6)],
];

describe.each(activations)("%s", (_name, apply, reference) => {
  it("clips, and lets the gradient through inside", async () => {
    const x = uniform([2, 3, 4, 5], { low: -9, high: 9 });
    await checkOp({ variables: { x }, apply: ({ x }) => apply(x), reference: ({ x }) => reference(x) });
  });

  it("is worked out for weights as it is for maps", () => {
    const x = uniform([2, 5], { low: -9, high: 9 });
    const values = apply(input("x", x.shape)).evaluate([{ data: Float32Array.from(x.data), shape: x.shape }]);
    expect(values).toEqual(Float32Array.from(reference(x).data));
  });

  it("hands the gradient on to a multiplication before it", async () => {
    const [x, scale] = [
      uniform([2, 3, 2, 2], { low: -3, high: 3 }),
      uniform([3, 1, 1], { low: 1, high: 3, seed: "scale" }),
    ];
    await checkOp({
      variables: { x, scale },
      apply: ({ x, scale }) => apply(multiply(x, scale)),
      reference: ({ x, scale }) =>
        reference({
          ...x,
          data: x.data.map((value, index) => value * at(scale.data, Math.floor(index / 4) % 3)),
        }),
    });
  });
});

/** Derivatives at given places. */
async function slopes(apply: (x: Tensor) => Tensor, places: readonly number[]): Promise<number[]> {
  const { gradients, upstream } = await engineGradients({
    variables: { x: array(places) },
    apply: ({ x }) => apply(x),
  });
  return Array.from(gradients.x.data, (dx, index) => dx / at(upstream.data, index));
}

describe("derivatives at the edges", () => {
  const places = [-1e-6, -0, 0, 1e-6, 6 - 1e-6, 6, 6 + 1e-6, 1e20];

  it("of relu are 0 at 0", async () => {
    expect(await slopes(relu, places)).toEqual(
      [0, 0, 0, 1, 1, 1, 1, 1].map((slope) => expect.closeTo(slope, 6)),
    );
  });

  it("of relu6 are 0 at 0 and at 6", async () => {
    expect(await slopes(relu6, places)).toEqual(
      [0, 0, 0, 1, 1, 0, 0, 0].map((slope) => expect.closeTo(slope, 6)),
    );
  });
});

/** The density of the standard normal distribution, and the share below x by Simpson's rule from -12 on. */
const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
function distribution(x: number): number {
  if (x < -12) return 0;
  const [intervals, step] = [2000, (x + 12) / 2000];
  let total = density(-12) + density(x);
  for (let index = 1; index < intervals; index++)
    total += (index % 2 === 1 ? 4 : 2) * density(-12 + index * step);
  return (total * step) / 3;
}

describe("gelu", () => {
  const reference = (x: NdArray) => ({ ...x, data: x.data.map((value) => value * distribution(value)) });

  it("is x times the share of the normal distribution below x", async () => {
    const x = uniform([1, 2, 3, 5], { low: -4, high: 4 });
    await checkOp({ variables: { x }, apply: ({ x }) => gelu(x), reference: ({ x }) => reference(x) });
  });

  it("hands the gradient on to a multiplication before it", async () => {
    const [x, scale] = [uniform([2, 3]), uniform([3], { low: 1, high: 3, seed: "scale" })];
    await checkOp({
      variables: { x, scale },
      apply: ({ x, scale }) => gelu(multiply(x, scale)),
      reference: ({ x, scale }) =>
        reference({ ...x, data: x.data.map((value, index) => value * at(scale.data, index % 3)) }),
    });
  });

  // gelu(x) = x / 2 (1 + erf(x / sqrt 2)); erf(1 / sqrt 2) = 0.6826894921 is the share within one standard
  // deviation.
  it("has the values of the table", async () => {
    const { value } = await engineGradients({
      variables: { x: array([-1, 0, 1, 100, -100]) },
      apply: ({ x }) => gelu(x),
    });
    expect(Array.from(value.data)).toEqual(
      [-0.1586552539, 0, 0.8413447461, 100, 0].map((y) => expect.closeTo(y, 6)),
    );
  });

  it("has a slope of 1/2 at 0, and of 0 and 1 far out", async () => {
    expect(await slopes(gelu, [0, -20, 20, -1e10, 1e10])).toEqual(
      [0.5, 0, 1, 0, 1].map((slope) => expect.closeTo(slope, 6)),
    );
  });
});
