import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkDataset } from "../../src/datasets/check.ts";
import { custom } from "../../src/datasets/custom.ts";
import { writeMask, writePhoto } from "../support/dataset-files.ts";
import { inMemory, sampleOf } from "../support/dataset-memory.ts";

describe("checkDataset", () => {
  it("counts pixels, photos and sizes", async () => {
    const dataset = inMemory("train", [
      sampleOf("a", 4, [0, 0, 1, 255]),
      sampleOf("b", 1, [0, 255]),
      sampleOf("c", 2, [0, 0, 0, 0]),
      sampleOf("d", 3, [0, 0, 0, 0, 0, 0, 1, 1, 255]),
    ]);
    const check = await checkDataset(dataset);
    expect(check).toMatchObject({ name: "test", split: "train", samples: 4, sound: [0, 1, 2, 3] });
    // Of 19 pixels; a class that is nowhere is told, and is no error.
    expect(check.classes).toEqual([
      { name: "grass", pixels: 13, share: 13 / 19, photos: 4 },
      { name: "path", pixels: 3, share: 3 / 19, photos: 2 },
      { name: "pond", pixels: 0, share: 0, photos: 0 },
    ]);
    expect(check.ignored).toEqual({ pixels: 3, share: 3 / 19, photos: 3 });
    expect(check.size).toEqual({
      width: { min: 1, median: 2.5, max: 4 },
      height: { min: 1, median: 2, max: 3 },
    });
    expect(check.issues).toEqual([{ severity: "warning", message: "class pond has no pixel in train" }]);
  });

  it("tells labels and sizes that no reader may return, and ids listed twice", async () => {
    const wide = sampleOf("wide", 2, [0, 1]);
    const check = await checkDataset(
      inMemory("train", [
        sampleOf("out", 2, [0, 3]),
        { ...wide, photo: sampleOf("", 1, [0, 0]).photo },
        sampleOf("good", 2, [0, 1]),
        sampleOf("good", 2, [2, 2]),
      ]),
    );
    expect(check.sound).toEqual([2, 3]);
    expect(check.issues).toEqual([
      { severity: "error", id: "good", message: "good is listed 2 times" },
      { severity: "error", id: "out", message: "out must have labels 0 to 2 or 255, got 3" },
      {
        severity: "error",
        id: "wide",
        message: 'wide must have labels of the size of its photo, 1x2, got "2x1"',
      },
    ]);
    expect(check.classes.map(({ pixels }) => pixels)).toEqual([1, 1, 2]);
  });

  it("has no sizes and warns of no class where nothing can be read", async () => {
    const check = await checkDataset(inMemory("train", [sampleOf("out", 1, [3])]));
    expect(check).toMatchObject({ sound: [], size: null, ignored: { pixels: 0, share: 0, photos: 0 } });
    expect(check.issues.map(({ severity }) => severity)).toEqual(["error"]);
  });

  it("tells its progress, stops where asked to, and passes on what is no fault of the data", async () => {
    const dataset = inMemory("train", [sampleOf("a", 1, [0]), sampleOf("b", 1, [0]), sampleOf("c", 1, [0])]);
    const seen: [number, number][] = [];
    const controller = new AbortController();
    const checking = checkDataset(dataset, {
      signal: controller.signal,
      onProgress: (done, total) => {
        seen.push([done, total]);
        if (done === 2) controller.abort(new Error("enough"));
      },
    });
    await expect(checking).rejects.toThrow("enough");
    expect(seen).toEqual([
      [1, 3],
      [2, 3],
    ]);
    await expect(checkDataset({ ...dataset, size: 4 })).rejects.toThrow("no sample 3");
  });
});

describe("checkDataset on files", () => {
  let directory: string;
  const file = (...names: string[]) => join(directory, ...names);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lightseg-check-"));
    await writeFile(file("dataset.yaml"), "classes: [grass, path]");
    for (const id of ["1-good", "2-no-mask", "3-no-photo", "4-size", "5-value", "6-photo", "7-mask"]) {
      await writePhoto(file(`images/train/${id}.jpg`), 2, 2);
      await writeMask(file(`masks/train/${id}.png`), 2, [0, 0, 1, 255]);
    }
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("tells the fault of each sample and goes on", async () => {
    await rm(file("masks/train/2-no-mask.png"));
    await rm(file("images/train/3-no-photo.jpg"));
    await writeMask(file("masks/train/4-size.png"), 4, [0, 0, 1, 255]);
    await writeMask(file("masks/train/5-value.png"), 2, [0, 0, 1, 77]);
    await writeFile(file("images/train/6-photo.jpg"), "no photo");
    await rm(file("masks/train/7-mask.png"));
    await mkdir(file("masks/train/7-mask.png/inner"), { recursive: true });

    const check = await checkDataset(await custom.open(directory, "train", { missing: "keep" }));
    expect(check).toMatchObject({ samples: 7, sound: [0] });
    expect(check.classes.map(({ pixels }) => pixels)).toEqual([2, 1]);
    const told = check.issues.map(({ severity, id, message }) => [severity, id, message]);
    expect(told).toEqual([
      ["error", "2-no-mask", expect.stringMatching(/2-no-mask\.png: mask must exist/)],
      ["error", "3-no-photo", expect.stringMatching(/3-no-photo\.jpg: photo must exist/)],
      [
        "error",
        "4-size",
        expect.stringMatching(/4-size\.png: mask must have the size of its photo, 2x2, got "4x1"/),
      ],
      [
        "error",
        "5-value",
        expect.stringMatching(/5-value\.png: \w+ must only hold .* got "77 at column 1, row 1"/),
      ],
      ["error", "6-photo", expect.stringMatching(/6-photo\.jpg: photo is not an image that can be read/)],
      ["error", "7-mask", expect.stringMatching(/7-mask\.png: mask must exist/)],
    ]);
  });
});
