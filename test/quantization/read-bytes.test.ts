import { describe, expect, it } from "vitest";
import { convolution } from "../../src/graph/ops/convolution.ts";
import { subtract } from "../../src/graph/ops/elementwise.ts";
import { pixelPlanes } from "../../src/graph/ops/pixels.ts";
import { symbol } from "../../src/graph/shape.ts";
import { constant, input, parameter } from "../../src/graph/tensor.ts";
import { padClassifier } from "../../src/quantization/pad-classifier.ts";
import { readBytes, type ScoreGraph } from "../../src/quantization/read-bytes.ts";
import { expectClose, uniform } from "../support/array.ts";
import { testPhoto } from "../support/model.ts";
import { floats, runGraph } from "../support/run-graph.ts";

const initialization = { kind: "constant", value: 0 } as const;
const [height, width] = [7, 9];
const { data } = testPhoto(width, height);
const pixels = { data, shape: [1, height, width, 3] };

function photoConvolution({ kernel, classes }: { kernel: number; classes: number }): ScoreGraph {
  const planes = pixelPlanes(input("pixels", [1, symbol("H"), symbol("W"), 3], "uint8"));
  const centred = subtract(planes, constant(Float32Array.of(123.5, 116.25, 103.5), [1, 3, 1, 1]));
  const shape = [classes, 3, kernel, kernel];
  const scores = convolution(centred, parameter("weight", shape, { initialization }), {
    bias: parameter("bias", [classes], { initialization }),
    padding: (kernel - 1) / 2,
  });
  const weights = new Map([
    ["weight", Float32Array.from(uniform(shape, { seed: "weight" }).data)],
    ["bias", Float32Array.from(uniform([classes], { seed: "bias" }).data)],
  ]);
  return { scores, weights };
}

async function run({ scores, weights }: ScoreGraph) {
  const parameters = [...weights].map(([name, values]) => [name, floats(values)] as const);
  const feeds = { pixels, ...Object.fromEntries(parameters) };
  return (await runGraph({ scores }, feeds, { constantParameters: true })).scores;
}

describe("readBytes", () => {
  it("gives the same where no border is in sight", async () => {
    const graph = photoConvolution({ kernel: 1, classes: 4 });
    const [before, after] = [await run(graph), await run(readBytes(graph))];
    expectClose(after, before, { tolerance: 1e-6 });
  });

  it("gives the same inside, and other values at the border", async () => {
    const graph = photoConvolution({ kernel: 3, classes: 1 });
    const [before, after] = [await run(graph), await run(readBytes(graph))];
    const differs = (index: number) => Math.abs((after.data[index] ?? 0) - (before.data[index] ?? 0)) > 1e-2;
    const isBorder = (index: number) => {
      const [y, x] = [Math.floor(index / width), index % width];
      return y === 0 || y === height - 1 || x === 0 || x === width - 1;
    };
    for (let index = 0; index < height * width; index++) expect(differs(index)).toBe(isBorder(index));
  });

  it("leaves a graph alone that reads no bytes", () => {
    const scores = input("scores", [1, 3, 4, 4]);
    expect(readBytes({ scores, weights: new Map() }).scores).toBe(scores);
  });
});

describe("padClassifier", () => {
  it.each([
    [11, 16],
    [17, 32],
  ])("computes %i classes as %i, and gives the same", async (classes, channels) => {
    const graph = photoConvolution({ kernel: 3, classes });
    const padded = padClassifier(graph);
    expect(padded.scores.shape[1]).toBe(classes);
    expect(padded.scores.inputs[0]?.shape[1]).toBe(channels);
    expectClose(await run(padded), await run(graph), { tolerance: 1e-6 });
  });

  it("leaves what fits, and what no convolution gives", () => {
    const graph = photoConvolution({ kernel: 1, classes: 32 });
    expect(padClassifier(graph)).toBe(graph);
    const other = { scores: input("scores", [1, 3, 4, 4]), weights: new Map() };
    expect(padClassifier(other)).toBe(other);
  });
});
