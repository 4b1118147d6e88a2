import { describe, expect, it } from "vitest";
import { parseTrainingConfig, resolveStages } from "../../src/training/config.ts";
import { findFrozen } from "../../src/training/frozen-layers.ts";
import { buildTrainingGraph } from "../../src/training/training-session.ts";

describe("findFrozen", () => {
  const names = ["layer1.0.weight", "layer1.1.bias", "layer10.weight", "clf.weight"];
  const find = (...layers: string[]) => [...findFrozen(names, layers)];

  it("finds the parameters of layers, and not those of others whose names begin alike", () => {
    expect(find("layer1")).toEqual(["layer1.0.weight", "layer1.1.bias"]);
    expect(find("layer1.1", "clf.weight")).toEqual(["layer1.1.bias", "clf.weight"]);
    expect(find()).toEqual([]);
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
  const changed = (freezeLayers: string[]) => {
    if (!stage) throw new Error("no stage");
    const options = { network: config.network, classes: 3, averaging: 0.9 };
    const { network, step } = buildTrainingGraph({ ...stage, freezeLayers }, options);
    const update = step.kind === "replicated" ? step.update : step;
    const members = [...update.parameters, ...update.memory, ...update.averages].flatMap(
      ({ members }) => members,
    );
    return { network, members: members.map(({ name }) => name) };
  };

  it("neither changes them nor remembers anything of them, and trains all others as before", () => {
    const all = changed([]);
    const rest = changed(["layer1", "layer2", "crp4"]);
    const isFrozen = (name: string) => /^(layer1|layer2|crp4)\./.test(name.replace(/^\w+:/, ""));
    expect(all.members.some(isFrozen)).toBe(true);
    expect(rest.members).toEqual(all.members.filter((name) => !isFrozen(name)));
  });
});
