import { describe, expect, it } from "vitest";
import { countValues, type Dim, symbol } from "../../src/graph/shape.ts";
import { collect, input, isTrainable } from "../../src/graph/tensor.ts";
import { van } from "../../src/models/backbones/van.ts";
import { openScope } from "../../src/models/scope.ts";
import features from "../fixtures/features.json" with { type: "json" };
import { expectSampled, readNames, runByFormula } from "../support/run-by-formula.ts";

function build(variant: Parameters<typeof van>[0], size: readonly [Dim, Dim] = [symbol("H"), symbol("W")]) {
  const { scope, shared } = openScope();
  return { taps: van(variant).build(scope, input("image", [1, 3, ...size])), parameters: shared.parameters };
}

describe("VAN", () => {
  // Millions of parameters and G multiply-accumulates at 224x224 in Table 2 of the paper, with a classifier
  // for 1000 classes.
  it.each([
    ["b0", 4.1, 0.9],
    ["b1", 13.9, 2.5],
    ["b2", 26.6, 5.0],
  ] as const)("%s has the %f M parameters and %f G operations of the paper", (variant, millions, giga) => {
    const { taps, parameters } = build(variant, [224, 224]);
    const last = Number(taps.at(-1)?.features.shape[1]);
    const count = [...parameters.values()]
      .filter(isTrainable)
      .reduce((sum, { shape }) => sum + countValues(shape.map(Number)), 1000 * (last + 1));
    const macs = collect(taps.map(({ features }) => features)).reduce(
      (sum, tensor) => sum + tensor.macs(),
      0,
    );
    expect((count / 1e6).toFixed(1)).toBe(millions.toFixed(1));
    expect((macs / 1e9).toFixed(1)).toBe(giga.toFixed(1));
  });

  it("B0 has the authors' 3,848,800 parameters without the classifier", () => {
    const { parameters } = build("b0");
    const trained = [...parameters.values()].filter(isTrainable);
    expect(trained.reduce((sum, { shape }) => sum + countValues(shape.map(Number)), 0)).toBe(3_848_800);
  });

  it("has four taps, from 1/4 to 1/32, rounded up", () => {
    const { taps } = build("b0", [75, 130]);
    expect(taps.map(({ features, stride, stage }) => [features.shape, stride, stage])).toEqual([
      [[1, 32, 19, 33], 4, 1],
      [[1, 64, 10, 17], 8, 2],
      [[1, 160, 5, 9], 16, 3],
      [[1, 256, 3, 5], 32, 4],
    ]);
  });

  it("has the authors' names and shapes", () => {
    const { parameters } = build("b0");
    expect(Object.fromEntries([...parameters].map(([name, { shape }]) => [name, shape]))).toEqual(
      readNames("van-b0"),
    );
  });

  it("gives PyTorch's feature maps", async () => {
    const { taps, parameters } = build("b0");
    const shapes = new Map([...parameters].map(([name, { shape }]) => [name, shape.map(Number)]));
    const outputs = Object.fromEntries(taps.map(({ features, stage }) => [`stage${stage}`, features]));
    const actual = await runByFormula(outputs, shapes, features.input);
    for (const [stage, expected] of Object.entries(features["van-b0"]))
      expectSampled(actual[stage], expected, features.every);
  });
});
