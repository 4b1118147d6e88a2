import { describe, expect, it } from "vitest";
import { parseTrainingConfig, resolveStages, settingsByName } from "../../src/training/config.ts";

const required = { network: "n", dataset: "d", data: "f" };

describe("parseTrainingConfig", () => {
  it.each<[object, string]>([
    [{ momentum: 1 }, "train: momentum must be at most 0.99999, got 1"],
    [{ beta2: 1 }, "train: beta2 must be at most 0.99999, got 1"],
    [{ epochs: 0 }, "train: epochs must be at least 1, got 0"],
    [{ epochs: 1.5 }, "train: epochs must be a whole number of at least 1, got 1.5"],
    [{ crop: [5000, 100] }, "train: crop must be at most 4096, got 5000"],
    [{ crop: [64] }, "train: crop must be height x width in pixels, each 1 to 4096"],
    [{ scale: [2, 1] }, "train: scale must have the smaller number first, got [2, 1]"],
    [{ hardPixels: 0 }, "train: hardPixels must be greater than 0, got 0"],
    [{ replicas: 300 }, "train: replicas must be at most 256, got 300"],
    [{ threads: "2" }, 'train: threads must be a whole number from 1 to 256, got "2"'],
    [{ mirror: "no" }, 'train: mirror must be true or false, got "no"'],
    [{ optimizer: "lion" }, 'train: optimizer must be one of sgd, adam, adamw, got "lion"'],
    [{ schedule: { kind: "poly", power: 0 } }, "train: schedule.power must be greater than 0, got 0"],
    [{ network: undefined }, "train: network is required"],
    [{ hardPixel: 1 }, "train: hardPixel is not a setting"],
    [{ stages: [] }, "train: stages must be a list"],
    [{ stages: [{}, { epochs: 0 }] }, "train: stages.1.epochs must be at least 1, got 0"],
    [{ stages: [{ seed: 1 }] }, "train: stages.0.seed is a setting of the whole run, not of a stage"],
  ])("names what is wrong with %j", (options, message) => {
    expect(() => parseTrainingConfig({ ...required, ...options })).toThrow(message);
  });

  it("refuses what is no object", () => {
    expect(() => parseTrainingConfig(7)).toThrow("train: options must be an object, got 7");
  });

  it("fills in defaults, which the settings of the run and then of a stage replace", () => {
    const options = { ...required, epochs: 3, batch: undefined, stages: [{}, { epochs: 5 }] };
    const stages = resolveStages(parseTrainingConfig(options));
    expect(stages.map(({ epochs, batch }) => [epochs, batch])).toEqual([
      [3, 4],
      [5, 4],
    ]);
  });
});

describe("the table of settings", () => {
  it("has defaults that its own types take, and read again as they are shown", () => {
    for (const [name, { type, default: value }] of settingsByName) {
      if (value === undefined) continue;
      expect(type.check(value), name).toBeUndefined();
      if (type.placeholder) expect(type.read(type.show(value)), name).toEqual(value);
    }
  });

  it("has a flag of its own for each setting, but for those that are typed together", () => {
    const flags = [...settingsByName.values()].flatMap(({ flag }) => (flag === undefined ? [] : [flag]));
    expect(new Set(flags).size).toBe(flags.length);
    const without = [...settingsByName].flatMap(([name, { flag }]) => (flag === undefined ? [name] : []));
    expect(without).toEqual(["dataset", "data", "recipe"]);
  });
});
