import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { vocPeople } from "../../src/datasets/voc-people.ts";
import { encodeIndexedPng } from "../../src/images/indexed-png.ts";
import { vocPalette } from "../../src/images/palette.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-voc-people-"));
  for (const folder of ["ImageSets/Segmentation", "JPEGImages", "SegmentationClass"])
    await mkdir(join(directory, folder), { recursive: true });
  await writeFile(join(directory, "ImageSets/Segmentation/train.txt"), "one\n");
  const photo = { raw: { width: 5, height: 1, channels: 3 as const } };
  await sharp(new Uint8Array(15), photo).toFile(join(directory, "JPEGImages/one.jpg"));
  const mask = encodeIndexedPng(
    { width: 5, height: 1, data: Uint8Array.of(0, 12, 15, 20, 255) },
    vocPalette(256),
  );
  await writeFile(join(directory, "SegmentationClass/one.png"), mask);
});
afterEach(() => rm(directory, { recursive: true }));

describe("voc-people", () => {
  it("keeps people and what is ignored; all else is background", async () => {
    const dataset = await vocPeople.open(directory, "train");
    expect(dataset).toMatchObject({ name: "voc-people", split: "train", size: 1 });
    expect(dataset.labels).toBe(vocPeople.labels);
    const { photo, labels } = await dataset.load(0);
    expect([...labels.data]).toEqual([0, 0, 1, 0, 255]);
    expect(photo).toMatchObject({ width: 5, height: 1 });
  });

  it("has VOC's colors", () => {
    expect(vocPeople.labels.palette).toEqual([
      [0, 0, 0],
      [192, 128, 128],
    ]);
  });
});
