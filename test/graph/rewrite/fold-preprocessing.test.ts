import { describe, expect, it } from "vitest";
import { convolution } from "../../../src/graph/ops/convolution.ts";
import { add } from "../../../src/graph/ops/elementwise.ts";
import { resize } from "../../../src/graph/ops/resize.ts";
import { foldPreprocessing } from "../../../src/graph/rewrite/fold-preprocessing.ts";
import { collect, input, parameter, type Tensor } from "../../../src/graph/tensor.ts";
import { expectClose, uniform, wholeNumbers } from "../../support/array.ts";
import { floats, runGraph } from "../../support/run-graph.ts";

const image = input("image", [1, 3, 7, 5]);
const weight = (name: string, shape: readonly number[]) =>
  parameter(name, shape, { initialization: { kind: "constant", value: 0 } });
const normalization = {
  scale: 1 / 255,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const;

const bytes = wholeNumbers([1, 7, 5, 3], { high: 255 }).data;
const pixels = { data: Uint8Array.from(bytes), shape: [1, 7, 5, 3] };
/** The same photo as planes of `(v scale - mean) / std`. */
const normalized = floats(
  Array.from({ length: 3 * 35 }, (_, index) => {
    const [channel, place] = [Math.floor(index / 35), index % 35];
    const { scale, mean, std } = normalization;
    return ((bytes[3 * place + channel] ?? 0) * scale - (mean[channel] ?? 0)) / (std[channel] ?? 1);
  }),
  [1, 3, 7, 5],
);

function fold(tensor: Tensor): Tensor {
  return foldPreprocessing(image, normalization)([tensor])(tensor);
}

const ops = (tensor: Tensor) =>
  collect([tensor])
    .filter(({ leaf }) => leaf?.kind !== "parameter" && leaf?.kind !== "constant")
    .map(({ op }) => op);

describe("foldPreprocessing", () => {
  it.each([
    ["with padding", { padding: 1, stride: 2 }, true],
    ["without bias", { padding: 2 }, false],
  ])("keeps the values of a convolution %s, at the border too", async (_name, options, withBias) => {
    const bias = withBias ? weight("bias", [4]) : undefined;
    const plain = convolution(image, weight("weight", [4, 3, 3, 3]), { ...options, bias });
    const folded = fold(plain);
    expect(folded.shape).toEqual(plain.shape);
    expect(ops(folded)).toEqual(["input", "pixelPlanes", "subtract", "multiply", "convolution"]);
    const weights = {
      weight: floats(uniform([4, 3, 3, 3], { seed: "weight" }).data, [4, 3, 3, 3]),
      ...(withBias && { bias: floats([1, -2, 3, -4]) }),
    };
    const [expected, actual] = [
      await runGraph({ y: plain }, { image: normalized, ...weights }),
      await runGraph({ y: folded }, { pixels, ...weights }),
    ];
    expectClose(actual.y, expected.y);
  });

  it("normalizes for whatever else reads the photo", async () => {
    const depthwise = convolution(image, weight("weight", [3, 1, 1, 1]), { groups: 3 });
    const plain = add(depthwise, image);
    const weights = { weight: floats([1, 2, 3], [3, 1, 1, 1]) };
    const expected = await runGraph({ y: plain }, { image: normalized, ...weights });
    const actual = await runGraph({ y: fold(plain) }, { pixels, ...weights });
    expectClose(actual.y, expected.y);
  });

  it("takes the size that something is resized to from the pixels as they are", () => {
    const scores = input("scores", [1, 2, 3, 3]);
    const folded = fold(resize(scores, { like: image, alignCorners: false }));
    expect(folded.shape).toEqual([1, 2, 7, 5]);
    expect(ops(folded).toSorted()).toEqual(["input", "input", "pixelPlanes", "resize"]);
  });
});
