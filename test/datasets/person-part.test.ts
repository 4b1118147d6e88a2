import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { personPart } from "../../src/datasets/person-part.ts";
import { lightsegError } from "../support/errors.ts";

const mask = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 255);
let directory: string;
const file = (...names: string[]) => join(directory, ...names);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-person-part-"));
  for (const folder of ["list", "JPEGImages", "pascal_person_part_gt"]) await mkdir(file(folder));
  await writeFile(file("list/train_id.txt"), "2008_002176\n");
  const photo = sharp(new Uint8Array(24), { raw: { width: 4, height: 2, channels: 3 } });
  await photo.toFile(file("JPEGImages/2008_002176.jpg"));
  await writeMask(mask);
});
afterEach(() => rm(directory, { recursive: true }));

async function writeMask(data: Uint8Array, width = 4, height = 2): Promise<void> {
  const png = encode({ width, height, data, channels: 1 });
  await writeFile(file("pascal_person_part_gt/2008_002176.png"), png);
}

describe("person-part", () => {
  it("has the background and six parts", () => {
    expect(personPart.labels.classes).toEqual(
      "background,head,torso,upper arms,lower arms,upper legs,lower legs".split(","),
    );
    expect(personPart.photosOf).toBe("voc");
  });

  it.each(["list/train_id.txt", "train.txt", "pascal_person_part_trainval_list/train.txt"])(
    "reads the samples that %s lists",
    async (list) => {
      await mkdir(file("pascal_person_part_trainval_list"));
      if (list !== "list/train_id.txt") await rename(file("list/train_id.txt"), file(list));
      const dataset = await personPart.open(directory, "train");
      expect(dataset).toMatchObject({ name: "person-part", split: "train", ids: ["2008_002176"] });
      expect([...(await dataset.load(0)).labels.data]).toEqual([...mask]);
    },
  );

  it("refuses unknown splits, and says where files are expected", async () => {
    await expect(personPart.open(directory, "test")).rejects.toThrow(
      lightsegError("INVALID_ARGUMENT", "open"),
    );
    await expect(personPart.open(directory, "val")).rejects.toThrow(
      /trainval_list.val\.txt: \w+ must be .*DIR\/list\/val_id\.txt or DIR\/val\.txt, DIR\/JPEGImages\/ID\.jpg/,
    );
    await rm(file("pascal_person_part_gt/2008_002176.png"));
    await expect(personPart.open(directory, "train")).rejects.toThrow(
      /pascal_person_part_gt.2008_002176\.png: \w+ must exist/,
    );
  });

  it("refuses unknown values, a mask of another size and one that is cut short", async () => {
    const dataset = await personPart.open(directory, "train");
    await writeMask(mask.with(5, 7));
    await expect(dataset.load(0)).rejects.toThrow(/0, 1, 2, 3, 4, 5, 6, 255, got "7 at column 1, row 1"/);
    await writeMask(mask, 2, 4);
    await expect(dataset.load(0)).rejects.toThrow(/the size of its photo, 4x2, got "2x4"/);
    const png = encode({ width: 4, height: 2, data: mask, channels: 1 });
    await writeFile(file("pascal_person_part_gt/2008_002176.png"), png.subarray(0, 50));
    await expect(dataset.load(0)).rejects.toThrow(lightsegError("INVALID_IMAGE", "decodeMask"));
  });
});
