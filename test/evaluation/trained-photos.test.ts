import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Dataset } from "../../src/datasets/dataset.ts";
import { findDataset } from "../../src/datasets/index.ts";
import { countTrainedPhotos } from "../../src/evaluation/trained-photos.ts";
import { writeCamvid } from "../support/camvid.ts";

let folder = "";
/** photo0 and photo1; train has photo0 to photo7. */
let val: Dataset;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-trained-"));
  await writeCamvid(folder, (pixel) => pixel % 11);
  val = await findDataset("camvid").open(folder, "val");
});
const openSplit = (split: string) => findDataset("camvid").open(folder, split);
afterAll(() => rm(folder, { recursive: true }));

it.each<[number, readonly (readonly [dataset: string, split: string])[]]>([
  [2, [["camvid", "train"]]],
  [
    2,
    [
      ["voc", "train"],
      ["camvid", "trainval"],
      ["camvid", "val"],
    ],
  ],
  [0, [["voc", "val"]]],
  [0, [["camvid", "test"]]],
  [0, [["camvid", "no such split"]]],
  [0, []],
])("%i photos of two, after %j", async (count, splits) => {
  const trainedOn = splits.map(([dataset, split]) => ({ dataset, split }));
  expect(await countTrainedPhotos({ trainedOn }, val, openSplit)).toBe(count);
});

it("passes on an error that is not about the files", async () => {
  const trainedOn = [{ dataset: "camvid", split: "train" }];
  const opening = () => Promise.reject(new TypeError("a mistake of the program"));
  await expect(countTrainedPhotos({ trainedOn }, val, opening)).rejects.toThrow("a mistake of the program");
});

it("counts none where it is not known what a model was trained on", async () => {
  expect(await countTrainedPhotos({}, val, openSplit)).toBe(0);
});

it("knows a data set of one's own by its name, whatever reads it", async () => {
  const trainedOn = [{ dataset: "garden", split: "train" }];
  expect(await countTrainedPhotos({ trainedOn }, { ...val, name: "garden" }, openSplit)).toBe(2);
});
