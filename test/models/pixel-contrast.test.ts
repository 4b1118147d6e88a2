import { describe, expect, it } from "vitest";
import { differentiate } from "../../src/graph/gradient.ts";
import { lowerToOnnx } from "../../src/graph/onnx/lower.ts";
import { multiply, subtract } from "../../src/graph/ops/elementwise.ts";
import { input, scalar, type Tensor } from "../../src/graph/tensor.ts";
import { drawAnchors, pixelContrast } from "../../src/models/pixel-contrast.ts";
import { openScope } from "../../src/models/scope.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { TensorData } from "../../src/runtime/session.ts";
import { at, extents, filled, type NdArray, uniform } from "../support/array.ts";
import { checkOp } from "../support/gradient-check.ts";
import { valueAt } from "../support/reference-broadcast.ts";
import { type Feeds, floats, ints, runGraph } from "../support/run-graph.ts";

const WIDTH = 4;
const weights: Record<string, NdArray> = {
  "0.weight": uniform([WIDTH, WIDTH, 1, 1], { seed: "0.weight" }),
  "0.bias": uniform([WIDTH], { seed: "0.bias" }),
  "2.weight": uniform([256, WIDTH, 1, 1], { seed: "2.weight" }),
  "2.bias": uniform([256], { seed: "2.bias" }),
};
const tensorOf = ({ data, shape }: NdArray) => floats(data, shape);

/** The term over these features, for a target of this size, and the parameters that it makes. */
function buildTerm(features: Tensor, { classes, target }: { classes: number; target: readonly number[] }) {
  const { scope, shared } = openScope({ auxiliary: true });
  const scores = input("scores", features.shape.with(1, classes));
  const loss = pixelContrast(scope, { features, scores }).build(input("target", target, "int32"));
  return { loss, parameters: shared.parameters };
}

/** What a term over `[n, WIDTH, h, w]` is fed beside features and weights. */
function feedsFor([n, h, w]: readonly [number, number, number], classes: number, target: TensorData): Feeds {
  return {
    scores: tensorOf(uniform([n, classes, h, w], { seed: "scores" })),
    "random:0": tensorOf(uniform([n, 1, h, w], { seed: "numbers", low: 0 })),
    target,
  };
}

function embed(vector: readonly number[]): number[] {
  const layer = (name: string, x: readonly number[]) =>
    Array.from(weights[`${name}.bias`]?.data ?? [], (bias, o) =>
      x.reduce(
        (total, value, i) => total + value * at(weights[`${name}.weight`]?.data ?? [], o * WIDTH + i),
        bias,
      ),
    );
  const y = layer(
    "2",
    layer("0", vector).map((value) => Math.max(0, value)),
  );
  const length = Math.hypot(...y);
  return y.map((value) => value / length);
}

/** The formula, anchor by anchor, where every pixel that has a class is one. */
function referenceContrast(features: NdArray, labels: readonly number[]): number {
  const [, , h, w] = extents(features);
  const pixels = labels.flatMap((label, pixel) => {
    if (label === 255) return [];
    const place = (c: number) => [Math.floor(pixel / (h * w)), c, Math.floor(pixel / w) % h, pixel % w];
    return [
      { label, embedding: embed(Array.from({ length: WIDTH }, (_, c) => valueAt(features, place(c)))) },
    ];
  });
  const losses = pixels.flatMap((anchor) => {
    const likeness = (other: (typeof pixels)[number]) =>
      Math.exp(anchor.embedding.reduce((total, value, c) => total + value * at(other.embedding, c), 0) / 0.1);
    const positives = pixels
      .filter((other) => other !== anchor && other.label === anchor.label)
      .map(likeness);
    const negatives = pixels.filter(({ label }) => label !== anchor.label).map(likeness);
    const against = negatives.reduce((total, value) => total + value, 0);
    const terms = positives.map((s) => -Math.log(s / (s + against)));
    return terms.length > 0 ? [terms.reduce((total, value) => total + value, 0) / terms.length] : [];
  });
  return losses.reduce((total, value) => total + value, 0) / losses.length;
}

describe("pixelContrast", () => {
  it.each<[string, number, number[]]>([
    ["two images, three classes and pixels to be ignored", 2, [0, 0, 1, 255, 1, 2, 2, 0, 255, 1, 2, 0]],
    ["one image, with a class that one pixel has alone", 1, [0, 2, 1, 1, 0, 255]],
    [
      "three images, one of them mostly ignored",
      3,
      [0, 0, 1, 2, 2, 1, 1, 0, 0, 1, 1, 255, 255, 255, 2, 2, 2, 2],
    ],
  ])("is the paper's formula: %s", async (_name, n, labels) => {
    // Labels at 4 times the size; all but those in the middle of a place, which count, are something else.
    const target = filled([n, 8, 12], (index) => {
      const [row, column] = [Math.floor(index / 12), index % 12];
      const isCentre = row % 4 === 2 && column % 4 === 2;
      return isCentre ? at(labels, Math.floor(row / 4) * 3 + Math.floor(column / 4)) : 1;
    });
    await checkOp({
      variables: { features: uniform([n, WIDTH, 2, 3], { seed: "features" }) },
      apply: ({ features }) => buildTerm(features, { classes: 3, target: target.shape }).loss,
      reference: ({ features }) => ({
        shape: [],
        data: Float64Array.of(referenceContrast(features, labels)),
      }),
      feeds: {
        ...Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, tensorOf(values)])),
        ...feedsFor([n, 2, 3], 3, ints(target.data, target.shape)),
      },
      tolerance: 1e-4,
    });
  });

  it.each<[string, number[]]>([
    ["every pixel is ignored", [255, 255, 255, 255, 255, 255]],
    ["all pixels have one class", [1, 1, 1, 1, 1, 1]],
    ["no class has two pixels", [0, 1, 2, 255, 255, 255]],
    ["one pixel has a class", [255, 255, 2, 255, 255, 255]],
  ])("is 0 with gradients of 0 where %s", async (_name, labels) => {
    const features = input("features", [1, WIDTH, 2, 3]);
    const { loss, parameters } = buildTerm(features, { classes: 3, target: [1, 2, 3] });
    const gradients = differentiate(loss, [features, ...parameters.values()]);
    const result = await runGraph(
      { loss, ...Object.fromEntries(gradients.map((gradient, index) => [`gradient${index}`, gradient])) },
      {
        features: tensorOf(uniform([1, WIDTH, 2, 3])),
        ...Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, tensorOf(values)])),
        ...feedsFor([1, 2, 3], 3, ints(labels, [1, 2, 3])),
      },
    );
    for (const [name, { data }] of Object.entries(result)) {
      expect(
        Array.from(data).filter((value) => value !== 0),
        name,
      ).toEqual([]);
    }
  });

  it("falls when it is trained alone on a batch that is seen again", async () => {
    const shape = [1, WIDTH, 8, 8];
    const features = input("features", shape);
    const { loss, parameters } = buildTerm(features, { classes: 3, target: [1, 32, 32] });
    const variables = new Map([["features", features], ...parameters]);
    const gradients = differentiate(loss, [...variables.values()]);
    const next = Object.fromEntries(
      [...variables].map(([name, tensor], index) => [
        name,
        subtract(tensor, multiply(gradients[index] ?? scalar(Number.NaN), scalar(0.3))),
      ]),
    );
    const outputs = Object.fromEntries(
      Object.entries(next).map(([name, tensor]) => [`next:${name}`, tensor]),
    );
    const session = await openNodeSession(lowerToOnnx({ loss, ...outputs }, { parameters: () => "input" }), {
      threads: 1,
    });
    const target = ints(filled([32, 32], (index) => Math.floor(index / 400)).data, [1, 32, 32]);
    const fixed = feedsFor([1, 8, 8], 3, target);
    let state: Feeds = Object.fromEntries(
      Object.entries({ ...weights, features: uniform(shape) }).map(([name, values]) => [
        name,
        tensorOf(values),
      ]),
    );
    const losses: number[] = [];
    for (let step = 0; step < 10; step++) {
      const result = await session.run({ ...state, ...fixed }, ["loss", ...Object.keys(outputs)]);
      losses.push(result.loss?.data[0] ?? Number.NaN);
      state = Object.fromEntries(
        Object.keys(state).map((name) => [name, result[`next:${name}`] ?? floats([])]),
      );
    }
    await session.dispose();
    for (const [step, loss] of losses.entries()) {
      if (step > 0) expect(loss).toBeLessThan(at(losses, step - 1));
    }
    expect(at(losses, 9)).toBeLessThan(0.9 * at(losses, 0));
  });
});

describe("anchors", () => {
  const [h, w, classes] = [40, 100, 4];
  /** 1000 pixels of class 0 (100 wrong), 50 of class 1, none of 2, 2000 of 3 (10 wrong), the rest ignored. */
  const labels = Array.from({ length: h * w }, (_, pixel) => {
    if (pixel < 1000) return 0;
    if (pixel < 1050) return 1;
    return pixel < 3050 ? 3 : 255;
  });
  const isHard = (pixel: number) => (pixel < 1000 ? pixel % 10 === 0 : pixel >= 1050 && pixel < 1060);
  const scores = filled([1, classes, h, w], (index) => {
    const [c, pixel] = [Math.floor(index / (h * w)), index % (h * w)];
    const label = at(labels, pixel);
    return c === (isHard(pixel) ? (label + 1) % classes : label) ? 1 : 0;
  });

  async function draw(seed: string) {
    const target = input("target", [1, h, w], "int32");
    const numbers = input("numbers", [1, 1, h, w]);
    const drawn = drawAnchors({ scores: input("scores", scores.shape), target, numbers });
    const { anchors, members } = await runGraph(
      { anchors: drawn.anchors, members: drawn.members },
      {
        scores: tensorOf(scores),
        target: ints(labels, [1, h, w]),
        numbers: tensorOf(uniform([1, 1, h, w], { seed, low: 0 })),
      },
    );
    return { anchors: Array.from(anchors.data), members };
  }

  it("are 100 of each class, or all that there are", async () => {
    const { anchors, members } = await draw("a");
    expect(anchors.length).toBe(400);
    expect(members.shape).toEqual([1, classes, 400]);
    const used = (c: number) => anchors.filter((_, slot) => members.data[c * 400 + slot] === 1);
    expect([0, 1, 2, 3].map((c) => new Set(used(c)).size)).toEqual([100, 50, 0, 100]);
    for (const c of [0, 1, 2, 3]) expect(used(c).every((pixel) => labels[pixel] === c)).toBe(true);
    // Each anchor is a member of its own class and of no other.
    expect(Array.from(members.data).reduce((total, value) => total + value, 0)).toBe(250);
  });

  it("are misclassified by half, or all that are", async () => {
    const { anchors } = await draw("a");
    const hard = (class_: number) => anchors.slice(class_ * 100, class_ * 100 + 100).filter(isHard).length;
    // Four standard deviations of 100 throws of a coin.
    expect(Math.abs(hard(0) - 50)).toBeLessThanOrEqual(20);
    expect(hard(3)).toBe(10);
  });

  it("are the same for the same numbers, and others for others", async () => {
    const [first, again, other] = [await draw("a"), await draw("a"), await draw("b")];
    expect(again.anchors).toEqual(first.anchors);
    expect(other.anchors).not.toEqual(first.anchors);
  });

  it("are 1024 at most, shared by the classes", () => {
    const shape = (classes: number) =>
      drawAnchors({
        scores: input("scores", [2, classes, 32, 32]),
        target: input("target", [2, 128, 128], "int32"),
        numbers: input("numbers", [2, 1, 32, 32]),
      }).members.shape;
    expect(shape(1)).toEqual([1, 1, 100]);
    expect(shape(19)).toEqual([1, 19, 19 * 53]);
    expect(shape(255)).toEqual([1, 255, 255 * 4]);
  });
});
