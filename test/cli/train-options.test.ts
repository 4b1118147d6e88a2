import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseArguments } from "../../src/cli/arguments.ts";
import { train } from "../../src/cli/train.ts";
import { newSettings } from "../../src/cli/train-options.ts";
import { train as trainNetwork } from "../../src/trainer/train.ts";
import { writeCamvid } from "../support/camvid.ts";

const read = (line: string) => newSettings(parseArguments(train, line.split(" ")));
const halved = { kind: "stages", boundaries: [100, 200], factors: [1, 0.5, 0.25] };

it("a folder that holds a run is refused before data is read", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lightseg-options-"));
  try {
    await writeFile(join(folder, "config.json"), "{}");
    const message = "holds a training run already";
    const typed = parseArguments(train, ["--run", folder, "--data", "nowhere"]);
    await expect(train.run(typed, () => undefined)).rejects.toThrow(message);
    const config = { network: "ndnet45", dataset: "camvid", data: "nowhere", weights: "none" };
    await expect(trainNetwork({ run: folder, config, device: "cpu" })).rejects.toThrow(message);
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe("newSettings", () => {
  it("puts what is typed in place of what a recipe says, in every stage", async () => {
    const settings = await read(
      "--recipe voc --model ndnet45 --data coco=c,sbd=s,voc=v --epochs 1 --decoder-lr 1e-4",
    );
    expect(settings).toMatchObject({ recipe: "voc", network: "ndnet45", dataset: "voc", data: resolve("v") });
    expect(settings).toMatchObject({ epochs: 1, decoderLearningRate: 1e-4 });
    expect(settings.stages).toEqual([
      { dataset: "coco", data: resolve("c"), encoderLearningRate: 1e-3 },
      { dataset: "sbd", data: resolve("s"), encoderLearningRate: 5e-4 },
      { dataset: "voc", data: resolve("v"), encoderLearningRate: 2.5e-4 },
    ]);
  });

  it("puts a warm-up before the schedule of a recipe or of another run, and leaves the rest of it", async () => {
    const recipe = await read("--recipe nyudv2 --model ndnet45 --data d --warmup 50");
    expect(recipe.schedule).toEqual({ ...halved, warmup: 50 });

    const folder = await mkdtemp(join(tmpdir(), "lightseg-options-"));
    try {
      const config = join(folder, "config.json");
      // Of an early version: without weights, all began at random.
      const stored = { network: "ndnet45", dataset: "camvid", data: "/d", schedule: halved };
      await writeFile(config, JSON.stringify(stored));
      expect(await read(`--config ${config} --warmup 50`)).toMatchObject({
        schedule: { ...halved, warmup: 50 },
        weights: "none",
      });
      expect((await read(`--config ${config} --warmup 50 --schedule poly:1`)).schedule).toEqual({
        kind: "poly",
        power: 1,
        warmup: 50,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("fine-tunes where no network is named, on any data set, and takes what is typed instead", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lightseg-options-"));
    try {
      await writeCamvid(folder, () => 0);
      const settings = await read(`--data ${folder} --dataset camvid --epochs 7 --warmup 3`);
      expect(settings).toMatchObject({ recipe: "finetune", dataset: "camvid", data: folder, weights: "voc" });
      expect(settings).toMatchObject({ epochs: 7, schedule: { kind: "poly", warmup: 3 }, crop: [64, 64] });
      expect(await read(`--recipe finetune --data ${folder} --dataset camvid --model ndnet45`)).toMatchObject(
        {
          ...{ network: "ndnet45", recipe: "finetune" },
        },
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("keeps the names of shipped weights, and makes paths absolute", async () => {
    const weights = async (typed: string) =>
      (await read(`--model ndnet45 --dataset camvid --data d --weights ${typed}`)).weights;
    expect(await Promise.all(["imagenet", "voc", "none", "a.pth", "./voc"].map(weights))).toEqual([
      "imagenet",
      "voc",
      "none",
      resolve("a.pth"),
      resolve("voc"),
    ]);
  });

  it("reads one's own data set where none is named", async () => {
    const settings = await read("--model ndnet45 --data d");
    expect(settings).toMatchObject({ dataset: "custom", data: resolve("d") });
  });

  it.each([
    ["--recipe voc --model ndnet45 --data d", "--data must be coco=DIR,sbd=DIR,voc=DIR"],
    ["--recipe nyudv2 --model ndnet45 --data d --dataset voc", "--dataset cannot be given together"],
    ["--recipe nyudv2 --config c", "--recipe and --config do not go together"],
    ["--recipe nyudv2 --data d", "--model NETWORK is required"],
    ["--config nowhere.json", "--config must be a file that is there"],
  ])("refuses %s", async (line, message) => {
    await expect(read(line)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(message),
    });
  });
});
