import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import h5wasm from "h5wasm/node";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nyudv2 } from "../../src/datasets/nyudv2.ts";
import { lightsegError } from "../support/errors.ts";
import { Mat5Builder } from "./mat5-builder.ts";

let directory: string;
const file = (...names: string[]) => join(directory, ...names);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-nyudv2-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("nyudv2", () => {
  it("has 40 classes", () => {
    expect(nyudv2.labels.classes.length).toBe(40);
    expect([0, 4, 30, 39].map((label) => nyudv2.labels.classes[label])).toEqual(
      "wall,chair,person,other prop".split(","),
    );
  });

  it("says where files are expected", async () => {
    await expect(nyudv2.open(directory, "test")).rejects.toThrow(lightsegError("INVALID_ARGUMENT", "open"));
    await expect(nyudv2.open(directory, "val")).rejects.toThrow(
      /val\.txt: \w+ must be .*expected DIR\/val\.txt or \.nyu .*; or DIR\/nyu_depth_v2_labeled\.mat/,
    );
  });
});

describe("nyudv2, lists", () => {
  const mask = Uint8Array.of(0, 1, 2, 37, 38, 39, 255, 0);

  beforeEach(async () => {
    for (const folder of ["images", "masks"]) await mkdir(file(folder));
    for (const name of ["images/000001.png", "images/000002.jpg"]) {
      const photo = sharp(new Uint8Array(24), { raw: { width: 4, height: 2, channels: 3 } });
      await photo.toFile(file(name));
    }
    for (const id of ["000001", "000002"]) await writeMask(id, mask);
  });

  async function writeMask(id: string, data: Uint8Array, width = 4, height = 2): Promise<void> {
    await writeFile(file("masks", `${id}.png`), encode({ width, height, data, channels: 1 }));
  }

  it("reads ids, or photos and masks by name", async () => {
    await writeFile(file("train.txt"), "000002\r\n\r\n000001\r\n");
    await rename(file("images"), file("val_images"));
    await writeFile(file("val.nyu"), "val_images/000001.png\tmasks/000002.png\n");
    const val = await nyudv2.open(directory, "val");
    expect(val).toMatchObject({ name: "nyudv2", split: "val", ids: ["000001"] });
    expect([...(await val.load(0)).labels.data]).toEqual([...mask]);
    await rename(file("val_images"), file("images"));
    const train = await nyudv2.open(directory, "train");
    expect(train.ids).toEqual(["000002", "000001"]);
    for (const index of [0, 1])
      expect((await train.load(index)).photo).toMatchObject({ width: 4, height: 2 });
  });

  it("takes the photo and the mask that a line names, whatever else has their names", async () => {
    for (const folder of ["s1", "s2"]) await mkdir(file(folder));
    const photo = sharp(new Uint8Array(24), { raw: { width: 4, height: 2, channels: 3 } });
    for (const folder of ["s1", "s2"]) await photo.clone().toFile(file(folder, "000001.png"));
    await writeFile(
      file("s1", "label.png"),
      encode({ width: 4, height: 2, data: mask.fill(7), channels: 1 }),
    );
    await writeFile(file("train.txt"), "s1/000001.png s1/label.png\ns2/000001.png\tmasks/000001.png\n");
    const train = await nyudv2.open(directory, "train");
    expect(train.ids).toEqual(["s1/000001", "s2/000001"]);
    expect([...(await train.load(0)).labels.data]).toEqual(Array(8).fill(7));
  });

  it.each([
    ["000001", "masks/000001.png"],
    ["000002", "images/000002.png"],
    ["images/000002.jpg masks/000002.png", "images/000002.jpg"],
  ])("names what is missing of %s", async (line, missing) => {
    await writeFile(file("train.txt"), line);
    await rm(file(missing.replace("images/000002.png", "images/000002.jpg")));
    await expect(nyudv2.open(directory, "train")).rejects.toThrow(
      `${file(missing)}: ${missing.startsWith("masks") ? "mask" : "photo"} must exist`,
    );
    const kept = await nyudv2.open(directory, "train", { missing: "keep" });
    await expect(kept.load(0)).rejects.toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });

  it("refuses an empty list, unknown values, and a mask of another size", async () => {
    await writeFile(file("val.txt"), "\n");
    await expect(nyudv2.open(directory, "val")).rejects.toThrow(/at least one sample id/);
    await writeFile(file("val.txt"), "000001");
    const dataset = await nyudv2.open(directory, "val");
    await writeMask("000001", mask.with(2, 40));
    await expect(dataset.load(0)).rejects.toThrow(/39, 255, got "40 at column 2, row 0"/);
    await writeMask("000001", mask, 2, 4);
    await expect(dataset.load(0)).rejects.toThrow(/the size of its photo, 4x2, got "2x4"/);
  });
});

describe("nyudv2, official files", () => {
  const mat = new Mat5Builder();
  /** Two photos `[2, 3, 3, 2]`, 3 wide and 2 high: red counts from 0, green from 50, blue from 100. */
  const images = Uint8Array.from({ length: 36 }, (_, at) => (at % 6) + 50 * (Math.floor(at / 6) % 3));
  /** Down the columns; the first photo shows class 4 at its lower left. */
  const labels = Uint16Array.of(1, 4, 2, 0, 3, 1, 2, 2, 2, 2, 2, 2);
  /** Class 1 is 40 of the 40, 2 is 1, 3 is 21 and 4 is 5. */
  const mapClass = [40, 1, 21, 5];

  beforeEach(async () => {
    await writeLabeled(images, [2, 3, 3, 2], labels);
    await writeFile(
      file("splits.mat"),
      mat.file(mat.doubles([1, 1], [2], "trainNdxs"), mat.compressed(mat.doubles([1, 1], [1], "testNdxs"))),
    );
    await writeFile(file("classMapping40.mat"), mat.file(mat.doubles([1, 4], mapClass, "mapClass")));
  });

  async function writeLabeled(photos: Uint8Array, shape: number[], truth: Uint16Array): Promise<void> {
    await h5wasm.ready;
    const hdf5 = new h5wasm.File(file("nyu_depth_v2_labeled.mat"), "w");
    hdf5.create_dataset({
      name: "images",
      data: photos,
      shape,
      chunks: [1, ...shape.slice(1)],
      compression: 3,
    });
    hdf5.create_dataset({ name: "labels", data: truth, shape: [2, 3, 2] });
    hdf5.close();
  }

  it("reads photos and labels in rows, mapped to 40 classes", async () => {
    const val = await nyudv2.open(directory, "val");
    expect(val).toMatchObject({ name: "nyudv2", split: "val", size: 1, ids: ["000001"] });
    const sample = await val.load(0);
    expect(sample).toMatchObject({
      id: "000001",
      photo: { width: 3, height: 2 },
      labels: { width: 3, height: 2 },
    });
    expect([...sample.labels.data]).toEqual([39, 0, 20, 4, 255, 39]);
    const red = [0, 2, 4, 1, 3, 5];
    expect([...sample.photo.data]).toEqual(red.flatMap((value) => [value, value + 50, value + 100]));
    const train = await nyudv2.open(directory, "train");
    expect(train.ids).toEqual(["000002"]);
    expect([...(await train.load(0)).labels.data]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("prefers a list", async () => {
    await writeFile(file("val.txt"), "000009\n");
    await expect(nyudv2.open(directory, "val")).rejects.toThrow(/000009\.png: \w+ must exist/);
  });

  it.each(["splits.mat", "classMapping40.mat"])("names a missing %s", async (name) => {
    await rm(file(name));
    await expect(nyudv2.open(directory, "val")).rejects.toThrow(`${file(name)}: file must be readable`);
    await expect(nyudv2.open(directory, "val")).rejects.toThrow(lightsegError("NOT_FOUND", "open"));
  });

  it.each([
    ["splits.mat", mat.doubles([1, 1], [3], "testNdxs"), /must list photos 1 to 2, got 3/],
    ["splits.mat", mat.doubles([1, 1], [0], "testNdxs"), /must list photos 1 to 2, got 0/],
    ["splits.mat", mat.doubles([1, 1], [1], "trainNdxs"), /must hold whole numbers in testNdxs/],
    ["splits.mat", mat.doubles([0, 0], [], "testNdxs"), /must hold whole numbers in testNdxs/],
    ["classMapping40.mat", mat.doubles([1, 2], [41, 1], "mapClass"), /map to classes 1 to 40, got 41/],
    ["classMapping40.mat", mat.doubles([1, 2], [1, 0], "mapClass"), /map to classes 1 to 40, got 0/],
    ["classMapping40.mat", mat.uint8s([1, 2], [1, 2], "mapClass13"), /whole numbers in mapClass/],
  ])("refuses a %s that does not fit", async (name, variable, message) => {
    await writeFile(file(name), mat.file(variable));
    await expect(nyudv2.open(directory, "val")).rejects.toThrow(message);
    await expect(nyudv2.open(directory, "val")).rejects.toThrow(lightsegError("INVALID_DATASET", "open"));
  });

  it("refuses images and labels of different sizes, and labels beyond the map", async () => {
    await writeLabeled(images, [2, 3, 2, 3], labels);
    await expect(nyudv2.open(directory, "val")).rejects.toThrow(
      /got "images \[2,3,2,3\] and labels \[2,3,2\]"/,
    );
    await writeLabeled(images, [2, 3, 3, 2], labels.with(0, 5));
    const val = await nyudv2.open(directory, "val");
    await expect(val.load(0)).rejects.toThrow(/must have labels 0 to 4 in photo 1, got 5/);
    await expect(val.load(1)).rejects.toThrow(lightsegError("INVALID_ARGUMENT", "load"));
  });
});
