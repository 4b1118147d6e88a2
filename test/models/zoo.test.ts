import { describe, expect, it } from "vitest";
import { createPredictor } from "../../src/inference/predictor.ts";
import { describePlainly } from "../../src/model-files/model.ts";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork, parameterShapes } from "../../src/models/network.ts";
import {
  backboneOf,
  backbones,
  decoders,
  findNetwork,
  isNetwork,
  nameNetwork,
  networks,
} from "../../src/models/zoo.ts";
import { createRandom } from "../../src/random.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import { buildTrainingGraph, openTrainingSession } from "../../src/training/training-session.ts";
import { lightsegError } from "../support/errors.ts";
import { testPhoto } from "../support/model.ts";
import { onlyStage } from "../support/training.ts";

const SIDE = 32;
/** The largest networks take seconds, and many times that on a busy machine. */
const TIMEOUT_MS = 600_000;
const pairs = Object.keys(decoders).flatMap((decoder) =>
  Object.keys(backbones).map((backbone) => `${decoder}+${backbone}`),
);

describe("findNetwork", () => {
  it("knows the paper's networks, and any decoder on any backbone", () => {
    for (const name of [...Object.keys(networks), ...pairs]) expect(isNetwork(name), name).toBe(true);
    expect(findNetwork("refinenet-lw-50")).toEqual(findNetwork("refinenet-lw+resnet-50"));
  });

  it.each([
    "",
    "refinenet-lw",
    "resnet-50",
    "+",
    "resnet-50+refinenet-lw",
    "refinenet-lw+resnet-50+x",
    "toString",
    "toString+toString",
  ])("does not know %j, and says what it knows", (name) => {
    expect(isNetwork(name)).toBe(false);
    expect(() => findNetwork(name)).toThrow(lightsegError("NOT_FOUND", "findNetwork"));
    expect(() => findNetwork(name)).toThrow(/known: refinenet-lw-50.*backbones: mobilenet-v2/);
  });
});

describe("nameNetwork", () => {
  it("prefers the name that the literature has", () => {
    expect(nameNetwork({ decoder: "refinenet-lw", backbone: "resnet-50" })).toBe("refinenet-lw-50");
    expect(nameNetwork({ decoder: "refinenet-lw", backbone: "resnet-18" })).toBe("refinenet-lw+resnet-18");
  });

  it("is what buildNetwork takes in two parts", () => {
    const parts = buildNetwork({ decoder: "refinenet-lw", backbone: "resnet-18", classes: 3 });
    const named = buildNetwork({ network: "refinenet-lw+resnet-18", classes: 3 });
    expect(parameterShapes(parts)).toEqual(parameterShapes(named));
  });
});

describe.each(pairs)("%s", (network) => {
  it("builds at any size: scores at the resolution of one of its feature maps", () => {
    const { scores, encoder, parameters } = buildNetwork({ network, classes: 5 });
    expect(scores.shape[1]).toBe(5);
    expect(encoder.size).toBeGreaterThan(0);
    expect(parameters.size).toBeGreaterThan(encoder.size);
    const [n, c, h, w] = buildNetwork({ network, classes: 5, size: [1, 37, 51] }).scores.shape;
    expect([n, c]).toEqual([1, 5]);
    // From 1/4 to 1/32 of the photo, rounded up; NASNet's first convolution has no padding, which costs up to
    // a pixel.
    expect([10, 9, 5, 3, 2]).toContain(h);
    expect([13, 7, 4, 2]).toContain(w);
  });
});

describe("at any size of photo", () => {
  it.each(["refinenet-lw-nasnet-mobile", "refinenet-lw+resnet-18", "frm-van-b0", "ndnet-fcn8+ndnet29"])(
    "%s gives a label for each pixel",
    async (network) => {
      const { parameters } = buildNetwork({ network, classes: 3 });
      const weights = initialWeights(parameters, { seed: 1 });
      const model = { ...describePlainly(network, 3), weights };
      const predictor = createPredictor(model, { open: openNodeSession });
      try {
        for (const [width, height] of [
          [3, 3],
          [7, 5],
          [51, 37],
          [33, 64],
        ] as const) {
          const photo = testPhoto(width, height);
          const labels = predictor.chooseLabels(await predictor.predict(photo), photo);
          expect(labels.length).toBe(width * height);
          expect(labels.every((label) => label < 3)).toBe(true);
        }
      } finally {
        await predictor.dispose();
      }
    },
    TIMEOUT_MS,
  );
});

/** One step and the loss after it, on the same photo and with the same values dropped. */
async function lossesOf(network: string): Promise<[before: number, after: number]> {
  const stage = onlyStage({
    network,
    dataset: "none",
    data: "none",
    batch: 1,
    crop: [SIDE, SIDE],
    momentum: 0,
  });
  const graph = buildTrainingGraph(stage, { network, classes: 3 });
  const weights = initialWeights(graph.network.parameters, { seed: 1 });
  const session = await openTrainingSession(graph, weights, {
    open: openNodeSession,
    threads: undefined,
    seed: 1,
  });
  try {
    const random = createRandom(2);
    const batch = {
      image: {
        data: Float32Array.from({ length: 3 * SIDE ** 2 }, () => 2 * random() - 1),
        shape: [1, 3, SIDE, SIDE],
      },
      target: {
        data: Int32Array.from({ length: SIDE ** 2 }, (_, pixel) => Math.floor(pixel / 400)),
        shape: [1, SIDE, SIDE],
      },
    };
    const rates = { encoder: 1e-4, decoder: 1e-3 };
    return [await session.run(batch, { step: 0, rates }), await session.run(batch, { step: 0, rates })];
  } finally {
    await session.dispose();
  }
}

/** Each decoder and each kind of backbone once: the deeper and wider ones have more of the same blocks. */
const trained = [
  "refinenet-lw-mobilenet-v2",
  "refinenet-lw-nasnet-mobile",
  "refinenet-lw-50",
  "refinenet-lw-rcu+resnet-18",
  "refinenet+ndnet29",
  "refinenet-lw-mobile-96+van-b0",
  "hypercolumn+mobilenet-v2",
  "frm-van-b0",
  "ndnet45",
  "ndnet45-fcn8",
  "ndnet61-fcn32",
];

describe("a training step", () => {
  it("is tried for every decoder and every kind of backbone", () => {
    const kindOf = (backbone: string) => /^[a-z]+/.exec(backbone)?.[0];
    expect(new Set(trained.map((name) => findNetwork(name).decoder))).toEqual(
      new Set(Object.values(decoders)),
    );
    expect(new Set(trained.map((name) => kindOf(backboneOf(name))))).toEqual(
      new Set(Object.keys(backbones).map(kindOf)),
    );
  });

  it.each(trained)(
    "of %s lowers the loss on a batch that is seen again",
    async (network) => {
      const [before, after] = await lossesOf(network);
      expect(before).toBeGreaterThan(0);
      expect(after).toBeLessThan(before);
    },
    TIMEOUT_MS,
  );
});
