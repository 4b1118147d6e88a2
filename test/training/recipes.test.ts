import { describe, expect, it } from "vitest";
import { overrideSettings, parseTrainingConfig, resolveStages } from "../../src/training/config.ts";
import { applyRecipe, recipes } from "../../src/training/recipes/index.ts";
import { learningRateFactor } from "../../src/training/schedule.ts";
import { lightsegError } from "../support/errors.ts";

const folders = Object.fromEntries(
  ["nyudv2", "person-part", "voc", "sbd", "coco", "camvid", "custom"].map((name) => [name, `/data/${name}`]),
);
const photos = { count: 36, height: 360, width: 480 };
const build = (name: string, network = "refinenet-lw-50") =>
  parseTrainingConfig(applyRecipe(name, { network, folders, photos }));

/** The rate of the encoder at the beginning of an epoch, over all stages. */
function rateAt(name: string, epoch: number, network?: string): number {
  let before = 0;
  for (const stage of resolveStages(build(name, network))) {
    const progress = { step: epoch - before, totalSteps: stage.epochs, stepsPerEpoch: 1 };
    if (epoch < before + stage.epochs)
      return stage.encoderLearningRate * learningRateFactor(stage.schedule, progress);
    before += stage.epochs;
  }
  throw new Error(`there is no epoch ${epoch}`);
}

describe.each(recipes)("recipe $name", ({ name, datasets }) => {
  it("states settings that a training takes, on the data sets it names", () => {
    const config = build(name);
    expect(config.recipe).toBe(name);
    expect(config.dataset).toBe(datasets.at(-1));
    expect(resolveStages(config).map(({ data }) => data)).toEqual(
      expect.arrayContaining(datasets.map((dataset) => `/data/${dataset}`)),
    );
  });

  it("needs the folder of each of its data sets", () => {
    for (const missing of datasets) {
      const { [missing]: _, ...others } = folders;
      expect(() => applyRecipe(name, { network: "refinenet-lw-50", folders: others, photos })).toThrow(
        new RegExp(`must name the folder of ${missing}`),
      );
    }
  });
});

describe("the paper's recipes", () => {
  it.each([
    ["nyudv2", 300, [0, 99, 100, 199, 200, 299], [5e-4, 5e-4, 2.5e-4, 2.5e-4, 1.25e-4, 1.25e-4]],
    ["person-part", 300, [0, 100, 200], [5e-4, 2.5e-4, 1.25e-4]],
    ["nyudv2-code", 300, [0, 99, 100, 200, 299], [5e-4, 5e-4, 2.5e-4, 1e-4, 1e-4]],
    ["voc", 200, [0, 19, 20, 69, 70, 199], [5e-4, 5e-4, 2.5e-4, 2.5e-4, 1.25e-4, 1.25e-4]],
  ])("%s has the printed rates and epochs", (name, length, epochs, rates) => {
    for (const [index, epoch] of epochs.entries())
      expect(rateAt(name, epoch), `epoch ${epoch}`).toBeCloseTo(rates[index] ?? Number.NaN, 10);
    const stages = resolveStages(build(name));
    expect(stages.reduce((sum, stage) => sum + stage.epochs, 0)).toBe(length);
  });

  it("give small backbones twice the rate, whatever the network is called", () => {
    expect(rateAt("nyudv2", 0, "refinenet-lw-mobilenet-v2")).toBe(1e-3);
    expect(rateAt("nyudv2", 0, "refinenet-lw+resnet-18")).toBe(5e-4);
  });

  it("train VOC in three stages, each on data of its own", () => {
    const stages = resolveStages(build("voc"));
    expect(stages.map(({ dataset, epochs }) => [dataset, epochs])).toEqual([
      ["coco", 20],
      ["sbd", 50],
      ["voc", 130],
    ]);
  });
});

it("recipe strokes is finetune for the decoder alone, with balanced classes and no Jaccard loss", () => {
  const differing = {
    ...{ recipe: "strokes", classWeights: "balanced", jaccard: 0 },
    ...{ freezeEncoder: true, weightDecay: 8, scale: [1, 1], colorJitter: 0 },
  };
  expect(build("strokes")).toEqual({ ...build("finetune"), ...differing });
});

describe("recipe finetune", () => {
  const settings = (count: number, height = 360, width = 480) => {
    const about = { network: "refinenet-lw-50", folders, photos: { count, height, width } };
    return parseTrainingConfig(applyRecipe("finetune", about));
  };

  it("has more epochs on fewer photos, and ends where about a quarter of them bring nothing better", () => {
    for (const [count, batch, epochs] of [
      [1, 1, 600],
      [20, 4, 120],
      [40, 4, 60],
      [500, 4, 20],
    ] as const) {
      const found = settings(count);
      expect(found).toMatchObject({ batch, epochs });
      expect(found.patience % found.validateEvery).toBe(0);
      expect(found.patience / epochs).toBeGreaterThan(0.2);
      expect(found.patience / epochs).toBeLessThan(0.5);
    }
  });

  it("has crops in the shape of the photos, of sides that strides divide", () => {
    expect(settings(40).crop).toEqual([224, 288]);
    expect(settings(40, 3000, 4000).crop).toEqual([224, 288]);
    expect(settings(40, 100, 200).crop).toEqual([96, 192]);
    expect(settings(40, 10, 2000).crop).toEqual([32, 2016]);
  });

  it("needs to know the photos", () => {
    expect(() => applyRecipe("finetune", { network: "refinenet-lw-50", folders })).toThrow(
      /photos must be given for recipe finetune/,
    );
  });
});

describe("overrideSettings", () => {
  it("lets what is given hold in every stage", () => {
    const stages = resolveStages(overrideSettings(build("voc"), { epochs: 1, encoderLearningRate: 1e-5 }));
    expect(stages.map(({ epochs, encoderLearningRate }) => [epochs, encoderLearningRate])).toEqual(
      new Array(3).fill([1, 1e-5]),
    );
    expect(stages.map(({ decoderLearningRate }) => decoderLearningRate)).toEqual([5e-3, 2.5e-3, 1.25e-3]);
  });
});

describe("applyRecipe", () => {
  it("knows no other", () => {
    const apply = () => applyRecipe("imagenet", { network: "refinenet-lw-50", folders });
    expect(apply).toThrow(lightsegError("NOT_FOUND", "applyRecipe"));
    expect(apply).toThrow(/must be one of nyudv2, nyudv2-code, person-part, voc, camvid, finetune/);
  });
});
