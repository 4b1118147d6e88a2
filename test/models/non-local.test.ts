import { describe, expect, it } from "vitest";
import { symbol } from "../../src/graph/shape.ts";
import { input, type Tensor } from "../../src/graph/tensor.ts";
import { disentangledNonLocal } from "../../src/models/non-local.ts";
import { openScope } from "../../src/models/scope.ts";
import { at, extents, type NdArray, uniform } from "../support/array.ts";
import { checkOp } from "../support/gradient-check.ts";
import { fill, valueAt } from "../support/reference-broadcast.ts";
import { floats } from "../support/run-graph.ts";

const CHANNELS = 6;
const HALF = 3;

function apply(x: Tensor): { y: Tensor; parameters: Map<string, Tensor> } {
  const { scope, shared } = openScope();
  return { y: disentangledNonLocal(scope, x), parameters: shared.parameters };
}

const shapes = new Map(
  [...apply(input("x", [1, CHANNELS, 2, 2])).parameters].map(([name, { shape }]) => [
    name,
    shape.map(Number),
  ]),
);
const weights = new Map(
  [...shapes].map(([name, shape]) => [
    name,
    uniform(shape, { seed: name, low: name.endsWith("running_var") ? 0.5 : -0.5, high: 1 }),
  ]),
);

function weight(name: string): NdArray {
  const values = weights.get(name);
  if (!values) throw new Error(`no weight ${name}`);
  return values;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const dot = (a: readonly number[], b: readonly number[]) =>
  sum(a.map((value, index) => value * at(b, index)));

function softmax(values: readonly number[]): number[] {
  const exponentials = values.map((value) => Math.exp(value - Math.max(...values)));
  return exponentials.map((value) => value / sum(exponentials));
}

/** Pixel by pixel, as the paper writes it: the two branches apart, each through the same convolution. */
function reference(x: NdArray): NdArray {
  const [, , h, w] = extents(x);
  const pixels = Array.from({ length: h * w }, (_, pixel) => pixel);
  const channels = Array.from({ length: CHANNELS }, (_, channel) => channel);
  const ofImage = (image: number) => {
    const vectors = pixels.map((pixel) =>
      channels.map((c) => valueAt(x, [image, c, Math.floor(pixel / w), pixel % w])),
    );
    const convolve = (name: string, vector: readonly number[]) => {
      const { shape, data } = weight(`${name}.weight`);
      const [outputs = 0, inputs = 0] = shape;
      return Array.from({ length: outputs }, (_, o) =>
        dot(Array.from(data.subarray(o * inputs, (o + 1) * inputs)), vector),
      );
    };
    const whitened = (name: string) => {
      const rows = vectors.map((vector) => convolve(name, vector));
      return rows.map((row) =>
        row.map((value, c) => value - sum(rows.map((other) => at(other, c))) / rows.length),
      );
    };
    const [theta, phi] = [whitened("theta"), whitened("phi")];
    const g = vectors.map((vector) => convolve("g", vector));
    const gather = (shares: readonly number[]) =>
      Array.from({ length: HALF }, (_, c) =>
        dot(
          shares,
          g.map((row) => at(row, c)),
        ),
      );
    const unary = gather(softmax(vectors.map((vector) => at(convolve("conv_mask", vector), 0))));
    return pixels.map((pixel) => {
      const likeness = phi.map((other) => dot(theta[pixel] ?? [], other) / Math.sqrt(HALF) / 0.05);
      const pairs = convolve("conv_out.conv", gather(softmax(likeness)));
      const both = convolve("conv_out.conv", unary).map((value, c) => value + at(pairs, c));
      return both.map((value, c) => {
        const of = (name: string) => at(weight(`conv_out.bn.${name}`).data, c);
        const normalized = (value - of("running_mean")) / Math.sqrt(of("running_var") + 1e-5);
        return at(vectors[pixel] ?? [], c) + of("weight") * normalized + of("bias");
      });
    });
  };
  const images = Array.from({ length: x.shape[0] ?? 0 }, (_, image) => ofImage(image));
  return fill(x.shape, ([image = 0, c = 0, row = 0, column = 0]) =>
    at(images[image]?.[row * w + column] ?? [], c),
  );
}

describe("disentangledNonLocal", () => {
  it.each([[[1, CHANNELS, 3, 5]], [[3, CHANNELS, 2, 2]], [[2, CHANNELS, 1, 1]]])("of %j", async (shape) => {
    await checkOp({
      variables: { x: uniform(shape) },
      apply: ({ x }) => apply(x).y,
      reference: ({ x }) => reference(x),
      feeds: Object.fromEntries([...weights].map(([name, { data, shape }]) => [name, floats(data, shape)])),
      // Likeness is divided by 0.05, which magnifies rounding as much.
      tolerance: 1e-4,
    });
  });

  it("keeps symbolic sizes", () => {
    const shape = [symbol("N"), 8, symbol("H"), symbol("W")];
    expect(apply(input("x", shape)).y.shape).toEqual(shape);
  });
});
