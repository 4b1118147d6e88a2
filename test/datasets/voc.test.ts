import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { voc } from "../../src/datasets/voc.ts";
import { encodeIndexedPng } from "../../src/images/indexed-png.ts";
import { vocPalette } from "../../src/images/palette.ts";
import { lightsegError } from "../support/errors.ts";

const size = { width: 4, height: 2 };
const mask = Uint8Array.of(0, 1, 8, 12, 15, 17, 20, 255);
let directory: string;
const file = (...names: string[]) => join(directory, ...names);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-voc-"));
  for (const folder of ["ImageSets/Segmentation", "JPEGImages", "SegmentationClass", "SegmentationClassAug"])
    await mkdir(file(folder), { recursive: true });
  await writeFile(file("ImageSets/Segmentation/train.txt"), "2007_000032\n");
  const photo = { raw: { ...size, channels: 3 as const } };
  await sharp(new Uint8Array(24), photo).toFile(file("JPEGImages/2007_000032.jpg"));
  // The official masks have a palette of 256 colors; those of the augmented set are often plain.
  await writeFile(
    file("SegmentationClass/2007_000032.png"),
    encodeIndexedPng({ ...size, data: mask }, vocPalette(256)),
  );
  await writeFile(
    file("SegmentationClassAug/2007_000032.png"),
    encode({ ...size, data: mask.map((value) => (value === 1 ? 2 : value)), channels: 1 }),
  );
});
afterEach(() => rm(directory, { recursive: true }));

describe("voc", () => {
  it("has 21 classes in VOC's colors", () => {
    expect(voc.labels.classes.length).toBe(21);
    expect(voc.labels.classes[15]).toBe("person");
    expect(voc.labels.palette[15]).toEqual([192, 128, 128]);
  });

  it("prefers the augmented masks, and takes VOC's own where there are none", async () => {
    const augmented = await voc.open(directory, "train");
    expect(augmented).toMatchObject({ name: "voc", split: "train", ids: ["2007_000032"] });
    expect([...(await augmented.load(0)).labels.data]).toEqual([0, 2, 8, 12, 15, 17, 20, 255]);
    await rename(file("SegmentationClassAug"), file("elsewhere"));
    const official = await voc.open(directory, "train");
    expect([...(await official.load(0)).labels.data]).toEqual([...mask]);
  });

  it("refuses unknown splits, and says where files are expected", async () => {
    await expect(voc.open(directory, "all")).rejects.toThrow(lightsegError("INVALID_ARGUMENT", "open"));
    await expect(voc.open(directory, "val")).rejects.toThrow(/val\.txt.*expected DIR\/ImageSets/);
    await rm(file("JPEGImages/2007_000032.jpg"));
    await expect(voc.open(directory, "train")).rejects.toThrow(/2007_000032\.jpg: \w+ must exist/);
  });
});
