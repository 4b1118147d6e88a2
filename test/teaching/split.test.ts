import { describe, expect, it } from "vitest";
import { initialWeights } from "../../src/models/initialize.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { splitAtEncoder } from "../../src/teaching/split.ts";
import { expectClose } from "../support/array.ts";
import { runGraph } from "../support/run-graph.ts";

const size = [1, 33, 40] as const;
const image = {
  data: Float32Array.from({ length: 3 * 33 * 40 }, (_, index) => Math.sin(index)),
  shape: [1, 3, 33, 40],
};

describe("splitAtEncoder", () => {
  it.each([
    "hypercolumn+mobilenet-v2",
    "refinenet-lw-mobilenet-v2",
    "refinenet-lw+resnet-18",
    "ndnet45",
    "frm-van-b0",
  ])("computes %s in two parts as in one", async (name) => {
    const network = buildNetwork({ network: name, classes: 3, size });
    const weights = Object.fromEntries(initialWeights(network.parameters, { seed: 1 }));
    const { features, head } = splitAtEncoder(network);
    expect([...head.parameters.keys()]).toEqual(
      [...network.parameters.keys()].filter((parameter) => !network.encoder.has(parameter)),
    );
    const feeds = (names: Iterable<string>) =>
      Object.fromEntries([...names].flatMap((key) => (weights[key] ? [[key, weights[key]]] : [])));
    const whole = await runGraph({ scores: network.scores }, { image, ...feeds(network.parameters.keys()) });
    const found = await runGraph(Object.fromEntries(features), { image, ...feeds(network.encoder) });
    const { scores } = await runGraph(
      { scores: head.scores },
      { ...found, ...feeds(head.parameters.keys()) },
    );
    expectClose(scores, whole.scores);
  });

  it("keeps little of a photo: the taps alone", () => {
    const { features } = splitAtEncoder(
      buildNetwork({ network: "hypercolumn+mobilenet-v2", classes: 3, size }),
    );
    expect([...features.values()].map(({ shape }) => shape)).toEqual([
      [1, 24, 9, 10],
      [1, 32, 5, 5],
      [1, 64, 3, 3],
      [1, 96, 3, 3],
      [1, 160, 2, 2],
      [1, 320, 2, 2],
    ]);
  });
});
