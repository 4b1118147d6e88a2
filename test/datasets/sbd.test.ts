import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sbd } from "../../src/datasets/sbd.ts";
import { voc } from "../../src/datasets/voc.ts";
import { lightsegError } from "../support/errors.ts";
import { Mat5Builder } from "./mat5-builder.ts";

const size = { width: 4, height: 2 };
/** Rows 0 1 8 12 and 15 17 20 0, column by column. */
const columns = [0, 15, 1, 17, 8, 20, 12, 0];
const mat = new Mat5Builder();
const truth = (values: Uint8Array) => mat.struct({ Segmentation: values }, "GTcls");
let directory: string;
const file = (...names: string[]) => join(directory, "dataset", ...names);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-sbd-"));
  for (const folder of ["img", "cls"]) await mkdir(file(folder), { recursive: true });
  await writeFile(file("train.txt"), "2008_000002\n2008_000003\n");
  for (const id of ["2008_000002", "2008_000003"]) {
    const photo = sharp(new Uint8Array(24), { raw: { ...size, channels: 3 } });
    await photo.toFile(file("img", `${id}.jpg`));
  }
  const segmentation = truth(mat.uint8s([2, 4], columns));
  await writeFile(file("cls/2008_000002.mat"), mat.file(mat.compressed(segmentation)));
  await writeFile(file("cls/2008_000003.mat"), mat.file(segmentation));
});
afterEach(() => rm(directory, { recursive: true }));

async function loadMask(mask: Uint8Array) {
  await writeFile(file("cls/2008_000002.mat"), mask);
  return (await sbd.open(directory, "train")).load(0);
}

describe("sbd", () => {
  it("reads masks of MATLAB, compressed or not, in rows", async () => {
    const dataset = await sbd.open(directory, "train");
    expect(dataset).toMatchObject({ name: "sbd", split: "train", ids: ["2008_000002", "2008_000003"] });
    expect(dataset.labels).toBe(voc.labels);
    for (const index of [0, 1]) {
      const { labels } = await dataset.load(index);
      expect(labels).toMatchObject(size);
      expect([...labels.data]).toEqual([0, 1, 8, 12, 15, 17, 20, 0]);
    }
  });

  it("prefers masks in PNG", async () => {
    await mkdir(file("cls_png"));
    for (const id of ["2008_000002", "2008_000003"]) {
      const data = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 255);
      await writeFile(file("cls_png", `${id}.png`), encode({ ...size, data, channels: 1 }));
    }
    const { labels } = await (await sbd.open(directory, "train")).load(1);
    expect([...labels.data]).toEqual([0, 1, 2, 3, 4, 5, 6, 255]);
  });

  it("refuses unknown splits, and says where files are expected", async () => {
    await expect(sbd.open(directory, "trainval")).rejects.toThrow(lightsegError("INVALID_ARGUMENT", "open"));
    await expect(sbd.open(directory, "val")).rejects.toThrow(/val\.txt.*expected DIR\/dataset\/val\.txt/);
    await rm(file("cls/2008_000003.mat"));
    await expect(sbd.open(directory, "train")).rejects.toThrow(/2008_000003\.mat: \w+ must exist/);
    const kept = await sbd.open(directory, "train", { missing: "keep" });
    await expect(kept.load(1)).rejects.toThrow(lightsegError("NOT_FOUND", "open"));
  });

  it("refuses a mask of another size, and values that VOC does not have", async () => {
    await expect(loadMask(mat.file(truth(mat.uint8s([4, 2], columns))))).rejects.toThrow(
      /2008_000002\.mat: \w+ must have the size of its photo, 4x2, got "2x4"/,
    );
    await expect(loadMask(mat.file(truth(mat.uint8s([2, 4], columns.with(5, 21)))))).rejects.toThrow(
      /must only hold the mask values .*got "21 at column 2, row 1"/,
    );
    await expect(loadMask(mat.file(truth(mat.doubles([2, 4], columns.with(5, 256)))))).rejects.toThrow(
      /labels of 0 to 255, got 256/,
    );
  });

  it("refuses other variables, other shapes and files that are cut short", async () => {
    const mask = mat.uint8s([2, 4], columns);
    const noNumbers = /must hold numbers in GTcls\.Segmentation/;
    await expect(loadMask(mat.file(mat.uint8s([2, 4], columns, "GTcls")))).rejects.toThrow(noNumbers);
    await expect(loadMask(mat.file(mat.struct({ Segmentation: mask }, "GTinst")))).rejects.toThrow(noNumbers);
    await expect(loadMask(mat.file(mat.struct({ Boundaries: mask }, "GTcls")))).rejects.toThrow(noNumbers);
    const cube = mat.uint8s([2, 2, 2], columns);
    await expect(loadMask(mat.file(truth(cube)))).rejects.toThrow(/must hold a matrix .*got "2 x 2 x 2"/);
    const whole = mat.file(mat.compressed(truth(mask)));
    await expect(loadMask(whole.subarray(0, whole.length - 4))).rejects.toThrow(
      lightsegError("INVALID_DATASET", "readMat5"),
    );
  });
});
