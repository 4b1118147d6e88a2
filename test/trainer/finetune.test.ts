import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { finetuneSettings } from "../../src/trainer/finetune.ts";
import { parseTrainingConfig } from "../../src/training/config.ts";
import { writeMask, writePhoto } from "../support/dataset-files.ts";

let data = "";
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), "lightseg-finetune-"));
  await writeFile(join(data, "dataset.yaml"), "classes: [grass, flower]\n");
  const ids = ["a", "b", "c", "d", "e"];
  for (const id of ids) {
    await writePhoto(join(data, "images", `${id}.png`), 96, 48);
    await writeMask(join(data, "masks", `${id}.png`), 96, new Array(96 * 48).fill(1));
  }
  await writeFile(join(data, "train.txt"), ids.slice(0, 4).join("\n"));
  await writeFile(join(data, "val.txt"), "e");
});
afterAll(() => rm(data, { recursive: true }));

describe("finetuneSettings", () => {
  it("begins with the default model and goes by number and sizes of the photos", async () => {
    const settings = await finetuneSettings({ data });
    expect(settings).toMatchObject({
      recipe: "finetune",
      network: "refinenet-lw-mobilenet-v2",
      weights: "voc",
      dataset: "custom",
      data,
      split: "train",
      batch: 4,
      crop: [64, 96],
      epochs: 600,
    });
    expect(parseTrainingConfig(settings)).toMatchObject(settings);
  });

  it("takes the network of the weights, and the weights that fit the network", async () => {
    const chosen = async (options: { weights?: string; network?: string }) => {
      const { network, weights } = await finetuneSettings({ data, ...options });
      return [network, weights];
    };
    expect(await chosen({ weights: "camvid-ndnet45" })).toEqual(["ndnet45", "camvid-ndnet45"]);
    expect(await chosen({ weights: "imagenet" })).toEqual(["refinenet-lw-mobilenet-v2", "imagenet"]);
    expect(await chosen({ weights: "none" })).toEqual(["refinenet-lw-mobilenet-v2", "none"]);
    expect(await chosen({ network: "ndnet45" })).toEqual(["ndnet45", undefined]);
    expect(await chosen({ network: "ndnet45", weights: "voc" })).toEqual(["ndnet45", "voc"]);
  });

  it("refuses folders and weights that are not there", async () => {
    await expect(finetuneSettings({ data: join(data, "x") })).rejects.toMatchObject({ code: "NOT_FOUND" });
    const refusal = finetuneSettings({ data, weights: join(data, "x.pth") });
    await expect(refusal).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
