import { describe, expect, it } from "vitest";
import { scalar } from "../../src/graph/tensor.ts";
import { parseTrainingConfig, resolveStages, type StageConfig } from "../../src/training/config.ts";
import { findFrozen } from "../../src/training/frozen-layers.ts";
import { buildTrainingGraph } from "../../src/training/training-session.ts";

describe("findFrozen", () => {
  const names = ["layer1.0.weight", "layer1.1.bias", "layer10.weight", "clf.weight"];
  const network = {
    parameters: new Map(names.map((name) => [name, scalar(0)])),
    encoder: new Set(names.slice(0, 3)),
  };
  const find = (...freezeLayers: string[]) => [
    ...findFrozen(network, { freezeLayers, freezeEncoder: false }),
  ];

  it("finds the parameters of layers, and not those of others whose names begin alike", () => {
    expect(find("layer1")).toEqual(["layer1.0.weight", "layer1.1.bias"]);
    expect(find("layer1.1", "clf.weight")).toEqual(["layer1.1.bias", "clf.weight"]);
    expect(find()).toEqual([]);
  });

  it("finds those of the encoder where all of it is frozen", () => {
    const frozen = findFrozen(network, { freezeLayers: [], freezeEncoder: true });
    expect([...frozen]).toEqual(["layer1.0.weight", "layer1.1.bias", "layer10.weight"]);
    expect(() => findFrozen(network, { freezeLayers: ["clf"], freezeEncoder: true })).toThrow(
      "must leave layers to train",
    );
  });

  it("refuses layers that the network has not, and to freeze all of it", () => {
    expect(() => find("layer2")).toThrow(
      'train: freezeLayers must be layers of the network, such as layer1, got "layer2"',
    );
    expect(() => find("layer1", "layer10", "clf")).toThrow(
      "train: freezeLayers must leave layers to train, got",
    );
  });
});

describe("a step with frozen layers", () => {
  const config = parseTrainingConfig({
    network: "refinenet-lw-mobilenet-v2",
    dataset: "camvid",
    data: "camvid",
    crop: [32, 32],
    averaging: 0.9,
  });
  const [stage] = resolveStages(config);
  const changed = (changes: Partial<StageConfig>) => {
    if (!stage) throw new Error("no stage");
    const options = { network: config.network, classes: 3, averaging: 0.9 };
    const { network, step } = buildTrainingGraph({ ...stage, ...changes }, options);
    const update = step.kind === "replicated" ? step.update : step;
    const members = [...update.parameters, ...update.memory, ...update.averages].flatMap(
      ({ members }) => members,
    );
    const scalars = Object.keys(update.scalars({ step: 0, rates: {} }));
    return { network, members: members.map(({ name }) => name), scalars };
  };

  it("neither changes them nor remembers anything of them, and trains all others as before", () => {
    const all = changed({});
    const rest = changed({ freezeLayers: ["layer1", "layer2", "crp4"] });
    const isFrozen = (name: string) => /^(layer1|layer2|crp4)\./.test(name.replace(/^\w+:/, ""));
    expect(all.members.some(isFrozen)).toBe(true);
    expect(rest.members).toEqual(all.members.filter((name) => !isFrozen(name)));
  });

  it("normalizes them by stored statistics where batch norm is trained, and all others by the batch's", () => {
    const { network, members } = changed({ batchNorm: "trained", freezeLayers: ["layer1", "layer3.0"] });
    const updated = [...network.updates.keys()];
    const statistics = [...network.parameters.keys()].filter((name) => /running_(mean|var)$/.test(name));
    expect(updated).toEqual(statistics.filter((name) => !/^(layer1|layer3\.0)\./.test(name)));
    expect(members).toEqual(expect.arrayContaining(updated));
  });

  it("has no inputs for an encoder of which all is frozen", () => {
    const layers = ["layer1", "layer2", "layer3", "layer4", "layer5", "layer6", "layer7", "layer8"];
    const byName = changed({ batchNorm: "trained", freezeLayers: layers });
    expect(byName.network.updates.size).toBe(0);
    expect(byName.scalars).toEqual(["learningRate.decoder", "averageDecay"]);
    const byEncoder = changed({ batchNorm: "trained", freezeEncoder: true });
    expect({ ...byEncoder, network: undefined }).toEqual({ ...byName, network: undefined });
  });
});
