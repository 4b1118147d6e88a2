import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pascalContext59, pascalContext60 } from "../../src/datasets/pascal-context.ts";
import { lightsegError } from "../support/errors.ts";

const id = "2008_008376";
const mask = Uint8Array.of(0, 1, 2, 37, 40, 58, 59, 255);
let directory: string;
const file = (...names: string[]) => join(directory, ...names);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-pascal-context-"));
  for (const folder of ["ImageSets/SegmentationContext", "JPEGImages", "SegmentationClassContext"])
    await mkdir(file(folder), { recursive: true });
  await writeFile(file("ImageSets/SegmentationContext/val.txt"), `${id}\n`);
  const photo = sharp(new Uint8Array(24), { raw: { width: 4, height: 2, channels: 3 } });
  await photo.toFile(file("JPEGImages", `${id}.jpg`));
  await writeMask(mask);
});
afterEach(() => rm(directory, { recursive: true }));

async function writeMask(data: Uint8Array, width = 4, height = 2): Promise<void> {
  const png = encode({ width, height, data, channels: 1 });
  await writeFile(file("SegmentationClassContext", `${id}.png`), png);
}

describe.each([
  [pascalContext59, 0, [255, 0, 1, 36, 39, 57, 58, 255]],
  [pascalContext60, 1, [0, 1, 2, 37, 40, 58, 59, 255]],
] as const)("$name", (description, first, expected) => {
  it("has its classes in the official order, in the same colors with and without background", () => {
    const { classes, palette } = description.labels;
    expect(classes.length).toBe(59 + first);
    expect(classes.includes("background")).toBe(first === 1);
    expect([0, 1, 36, 39, 57, 58].map((index) => classes[index + first])).toEqual(
      "aeroplane,bag,person,pottedplant,window,wood".split(","),
    );
    expect(palette.slice(first)).toEqual(pascalContext60.labels.palette.slice(1));
  });

  it.each(["ImageSets/SegmentationContext/val.txt", "val.txt"])(
    "reads the samples that %s lists",
    async (list) => {
      if (list === "val.txt") await rename(file("ImageSets/SegmentationContext/val.txt"), file(list));
      const dataset = await description.open(directory, "val");
      expect(dataset).toMatchObject({ name: description.name, split: "val", ids: [id] });
      expect(dataset.labels).toBe(description.labels);
      expect([...(await dataset.load(0)).labels.data]).toEqual(expected);
    },
  );

  it("refuses unknown splits, and says where files are expected", async () => {
    const unknown = description.open(directory, "test");
    await expect(unknown).rejects.toThrow(lightsegError("INVALID_ARGUMENT", "open"));
    await expect(description.open(directory, "train")).rejects.toThrow(
      /SegmentationContext.train\.txt: \w+ must be .*expected DIR\/ImageSets\/SegmentationContext\/train\.txt/,
    );
    await rm(file("SegmentationClassContext", `${id}.png`));
    await expect(description.open(directory, "val")).rejects.toThrow(/2008_008376\.png: \w+ must exist/);
  });

  it("refuses unknown values, and a mask of another size", async () => {
    const dataset = await description.open(directory, "val");
    await writeMask(mask.with(6, 60));
    await expect(dataset.load(0)).rejects.toThrow(/58, 59, 255, got "60 at column 2, row 1"/);
    await writeMask(mask, 2, 4);
    await expect(dataset.load(0)).rejects.toThrow(/the size of its photo, 4x2, got "2x4"/);
  });
});
