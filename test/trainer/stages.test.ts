import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/datasets/dataset.ts";
import { findDataset } from "../../src/datasets/index.ts";
import { encodeIndexedPng } from "../../src/images/indexed-png.ts";
import { encodePng } from "../../src/images/node/encode.ts";
import { vocPalette } from "../../src/images/palette.ts";
import { openStages, requireEqualClasses } from "../../src/trainer/stages.ts";
import { parseTrainingConfig } from "../../src/training/config.ts";
import type { TrainingEvent } from "../../src/training/events.ts";
import { lightsegError } from "../support/errors.ts";
import { testPhoto } from "../support/model.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-stages-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** VOC with photos a, b to train and c to validate; SBD with a, b, c, d to train, as masks in PNG. */
async function writeVocAndSbd() {
  const photo = testPhoto(8, 8);
  const mask = encodeIndexedPng({ width: 8, height: 8, data: new Uint8Array(64) }, vocPalette(21));
  const write = async (path: string, data: string | Uint8Array) => {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), data);
  };
  const jpg = await encodePng(photo);
  for (const id of ["a", "b", "c"]) {
    await write(`voc/JPEGImages/${id}.jpg`, jpg);
    await write(`voc/SegmentationClass/${id}.png`, mask);
  }
  await write("voc/ImageSets/Segmentation/train.txt", "a\nb\n");
  await write("voc/ImageSets/Segmentation/val.txt", "c\n");
  for (const id of ["a", "b", "c", "d"]) {
    await write(`sbd/dataset/img/${id}.jpg`, jpg);
    await write(`sbd/dataset/cls_png/${id}.png`, mask);
  }
  await write("sbd/dataset/train.txt", "a\nb\nc\nd\n");
}

const config = (stages: object[]) =>
  parseTrainingConfig({
    network: "ndnet45",
    dataset: "voc",
    data: join(folder, "voc"),
    batch: 1,
    epochs: 2,
    seed: 3,
    stages,
  });

describe("openStages", () => {
  it("counts steps and epochs before each stage", async () => {
    await writeVocAndSbd();
    const validation = await findDataset("voc").open(join(folder, "voc"), "val");
    const stages = await openStages(config([{}, { epochs: 3, batch: 2 }, {}]), validation, () => undefined);
    expect(stages.map(({ steps, stepsPerEpoch, before }) => [steps, stepsPerEpoch, before])).toEqual([
      [4, 2, { steps: 0, epochs: 0 }],
      [3, 1, { steps: 4, epochs: 2 }],
      [4, 2, { steps: 7, epochs: 5 }],
    ]);
    // The same data in another order, but for the first stage, whose order is that of the run's seed.
    expect(new Set(stages.map(({ seed }) => seed)).size).toBe(3);
    expect(stages[0]?.seed).toBe(3);
  });

  it("leaves photos that are validated out of a relative's training split, and says so", async () => {
    await writeVocAndSbd();
    const validation = await findDataset("voc").open(join(folder, "voc"), "val");
    const events: TrainingEvent[] = [];
    const [sbd] = await openStages(
      config([{ dataset: "sbd", data: join(folder, "sbd") }]),
      validation,
      (event) => events.push(event),
    );
    expect(sbd?.samples.ids).toEqual(["a", "b", "d"]);
    expect((await sbd?.samples.load(2))?.id).toBe("d");
    const text = "1 photo of sbd train left out: also in voc val";
    expect(events).toEqual([{ kind: "note", text }]);
  });

  it("repeats photos of rare classes in the stages that ask for it, and says how many there are then", async () => {
    await writeVocAndSbd();
    const validation = await findDataset("voc").open(join(folder, "voc"), "val");
    const events: TrainingEvent[] = [];
    const sbd = { dataset: "sbd", data: join(folder, "sbd") };
    const [repeated, plain] = await openStages(
      config([{ ...sbd, repeatRare: 1 }, sbd]),
      validation,
      (event) => events.push(event),
    );
    expect(repeated?.samples.size).toBeGreaterThanOrEqual(3);
    expect(plain?.samples.size).toBe(3);
    expect(events).toContainEqual({ kind: "progress", task: "counting labels", done: 3, total: 3 });
    expect(events).toContainEqual({
      kind: "note",
      text: `3 photos of sbd train, rare classes repeated: ${repeated?.samples.size} an epoch`,
    });
  });
});

describe("requireEqualClasses", () => {
  const dataset = (name: string, classes: string[]): Dataset => ({
    name,
    split: "train",
    labels: { classes, palette: vocPalette(classes.length), ignoreLabel: 255 },
    size: 1,
    ids: ["x"],
    load: () => Promise.reject(new Error("is not read")),
  });

  it("takes the same classes in the same order alone", async () => {
    await writeVocAndSbd();
    const validation = await findDataset("voc").open(join(folder, "voc"), "val");
    const stages = await openStages(config([{}]), validation, () => undefined);
    expect(() => requireEqualClasses(stages, validation)).not.toThrow();
    const { classes } = validation.labels;
    for (const other of [classes.slice(1), classes.toReversed(), [...classes, "more"]])
      expect(() => requireEqualClasses(stages, dataset("other", other))).toThrow(
        lightsegError("INVALID_DATASET", "train"),
      );
  });
});
