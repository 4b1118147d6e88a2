import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { coco } from "../../src/datasets/coco.ts";
import { voc } from "../../src/datasets/voc.ts";
import { lightsegError } from "../support/errors.ts";

/** The ids that COCO gives to some categories, and one that VOC does not have. */
const categories = [
  { id: 1, name: "person" },
  { id: 5, name: "airplane" },
  { id: 17, name: "cat" },
  { id: 53, name: "apple" },
  { id: 67, name: "dining table" },
];
const width = 6;
const height = 4;
const image = (id: number) => ({ id, file_name: `00000000000${id}.jpg`, width, height });
const box = (x0: number, y0: number, x1: number, y1: number) => [[x0, y0, x1, y0, x1, y1, x0, y1]];
const object = { id: 1, image_id: 1, category_id: 17, iscrowd: 0, area: 4, segmentation: box(0, 0, 2, 2) };

let directory: string;
const file = (...names: string[]) => join(directory, ...names);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-coco-"));
  for (const folder of ["annotations", "val2017"]) await mkdir(file(folder));
  for (const id of [1, 2, 3]) await writePhoto(id, width, height);
});
afterEach(() => rm(directory, { recursive: true }));

async function writePhoto(id: number, columns: number, rows: number): Promise<void> {
  const photo = sharp(new Uint8Array(3 * columns * rows), {
    raw: { width: columns, height: rows, channels: 3 },
  });
  await photo.toFile(file("val2017", image(id).file_name));
}

async function open(annotations: readonly object[], images: readonly object[] = [1, 2, 3].map(image)) {
  // The order of the keys is that of the official files.
  const content = JSON.stringify({ info: {}, licenses: [], images, annotations, categories });
  await writeFile(file("annotations/instances_val2017.json"), content);
  return coco.open(directory, "val");
}

async function loadRows(...annotations: readonly object[]): Promise<string[]> {
  const { labels } = await (await open(annotations)).load(0);
  return Array.from({ length: height }, (_, y) => labels.data.subarray(y * width, (y + 1) * width).join(" "));
}

describe("coco", () => {
  it("takes the photos that show a class of VOC, in the order of the file", async () => {
    const dataset = await open(
      [
        { ...object, image_id: 3 },
        { ...object, id: 2, image_id: 2, category_id: 53 },
        { ...object, id: 3, image_id: 1 },
      ],
      [3, 2, 1].map(image),
    );
    expect(dataset).toMatchObject({
      name: "coco",
      split: "val",
      size: 2,
      ids: ["000000000003", "000000000001"],
    });
    expect(dataset.labels).toBe(voc.labels);
    expect((await dataset.load(0)).photo).toMatchObject({ width, height });
  });

  it("leaves out photos that show VOC's classes in crowds only", async () => {
    const crowd = { ...object, iscrowd: 1, segmentation: { counts: [0, 24], size: [4, 6] } };
    const dataset = await open([crowd, { ...object, id: 2, image_id: 2 }]);
    expect(dataset.ids).toEqual(["000000000002"]);
    await expect(open([crowd])).rejects.toThrow(/must have a photo with an object of VOC's classes/);
  });

  it("gives objects VOC's label, and what VOC does not have the background's", async () => {
    expect(
      await loadRows(
        { ...object, category_id: 5 },
        { ...object, id: 2, category_id: 67, segmentation: box(4, 0, 6, 1) },
        { ...object, id: 3, category_id: 53, segmentation: box(2, 2, 4, 4) },
      ),
    ).toEqual(["1 1 0 0 11 11", "1 1 0 0 0 0", "0 0 0 0 0 0", "0 0 0 0 0 0"]);
  });

  it.each([
    ["airplane", "aeroplane"],
    ["motorcycle", "motorbike"],
    ["couch", "sofa"],
    ["tv", "tv monitor"],
    ["potted plant", "potted plant"],
  ])("knows VOC's name of %s, %s", async (name, vocName) => {
    const content = { images: [image(1)], annotations: [object], categories: [{ id: 17, name }] };
    await writeFile(file("annotations/instances_val2017.json"), JSON.stringify(content));
    const { labels } = await (await coco.open(directory, "val")).load(0);
    expect(coco.labels.classes[labels.data[0] ?? 0]).toBe(vocName);
  });

  it("draws the smaller area on top, whatever the order, and of equal areas the later", async () => {
    const large = { ...object, id: 2, category_id: 1, area: 24, segmentation: box(0, 0, 6, 4) };
    const expected = ["8 8 15 15 15 15", "8 8 15 15 15 15", "15 15 15 15 15 15", "15 15 15 15 15 15"];
    expect(await loadRows(object, large)).toEqual(expected);
    expect(await loadRows(large, object)).toEqual(expected);
    const same = { ...object, id: 3, category_id: 5 };
    expect((await loadRows(object, same))[0]).toBe("1 1 0 0 0 0");
    expect((await loadRows(same, object))[0]).toBe("8 8 0 0 0 0");
  });

  it("ignores crowds of VOC's classes, below the objects", async () => {
    // Down columns 1 and 2; of apples, column 5.
    const crowd = { ...object, id: 2, iscrowd: 1, area: 1, segmentation: { counts: "484", size: [4, 6] } };
    const filled = { ...crowd, segmentation: { counts: [4, 8, 12], size: [4, 6] } };
    const apples = { ...crowd, id: 3, category_id: 53, segmentation: { counts: [20, 4], size: [4, 6] } };
    const expected = ["8 8 255 0 0 0", "8 8 255 0 0 0", "0 255 255 0 0 0", "0 255 255 0 0 0"];
    expect(await loadRows(object, filled, apples)).toEqual(expected);
    await expect(loadRows(object, crowd)).rejects.toThrow(
      /instances_val2017\.json: annotation 2 must have runs of 24 pixels together, got 16/,
    );
  });

  it("refuses two photos of one id, of which one would have the objects of the other", async () => {
    await expect(open([object], [image(1), { ...image(2), id: 1 }])).rejects.toThrow(
      /images must have an id once, got "id 1"/,
    );
  });

  it("counts objects without area, and takes four numbers for a box, as pycocotools does", async () => {
    const box = { ...object, id: 2, category_id: 5, segmentation: [[3, 1, 2, 2]] };
    const outside = [[9, 1, 12, 1, 12, 3]];
    const empty = [[], [[]], [[1, 1]], [[1, 1, 4, 1, 2, 1]], [[1, 1, 0, 0]], outside].map(
      (segmentation, index) => ({
        ...object,
        id: 10 + index,
        segmentation,
      }),
    );
    const dataset = await open([object, box, ...empty]);
    expect(dataset.warnings).toEqual([
      `${file("annotations/instances_val2017.json")}: 6 objects have no area (a segmentation that is empty, has fewer than three points or lies outside of its photo) and are drawn nowhere: annotation 10, 11, 12, …`,
    ]);
    expect(await loadRows(object, box, ...empty)).toEqual([
      "8 8 0 0 0 0",
      "8 8 0 1 1 0",
      "0 0 0 1 1 0",
      "0 0 0 0 0 0",
    ]);
    const [outline = []] = object.segmentation;
    const first = { ...object, segmentation: [[3, 1, 2, 2], outline] };
    await expect(loadRows(first)).rejects.toThrow(
      "annotation 1 must have boxes of four numbers like the first, got 8",
    );
    // After a polygon, four numbers are a line.
    const last = { ...object, segmentation: [outline, [3, 1, 2, 2]] };
    expect((await loadRows(last))[1]).toBe("8 8 0 0 0 0");
  });

  it("reads photos of other kinds and in folders", async () => {
    await mkdir(file("val2017/inner"));
    await sharp(new Uint8Array(3 * width * height), { raw: { width, height, channels: 3 } }).toFile(
      file("val2017/inner/a.png"),
    );
    const dataset = await open([object], [{ ...image(1), file_name: "inner/a.png" }]);
    expect(dataset.ids).toEqual(["inner/a"]);
    expect((await dataset.load(0)).photo).toMatchObject({ width, height });
  });

  it("refuses unknown splits, and says where files are expected", async () => {
    await expect(coco.open(directory, "test")).rejects.toThrow(lightsegError("INVALID_ARGUMENT", "open"));
    await expect(coco.open(directory, "train")).rejects.toThrow(/train2017: folder must be readable/);
    await expect(coco.open(directory, "val")).rejects.toThrow(
      /instances_val2017\.json: \w+ must be .*expected DIR\/annotations\/instances_val2017\.json and DIR\/val2017\/ID\.jpg/,
    );
    await rm(file("val2017", image(1).file_name));
    await expect(open([object])).rejects.toThrow(/000000000001\.jpg: \w+ must exist/);
    const kept = await coco.open(directory, "val", { missing: "keep" });
    await expect(kept.load(0)).rejects.toThrow(lightsegError("NOT_FOUND", "open"));
    await expect(kept.load(1)).rejects.toThrow(lightsegError("INVALID_ARGUMENT", "load"));
  });

  it("refuses a photo of another size than its annotations", async () => {
    const dataset = await open([object]);
    await writePhoto(1, height, width);
    await expect(dataset.load(0)).rejects.toThrow(
      /image 000000000001 must have the size of its photo, 4x6, got "6x4"/,
    );
  });

  it.each([
    [
      "of an image that is not there",
      { ...object, image_id: 9 },
      /annotation 1 must have an image that is listed, got 9/,
    ],
    ["without image", { ...object, image_id: undefined }, /annotations\.image_id .*expected.*"id 1"/],
    ["without class", { id: 1 }, /annotations\.category_id .*"id 1"/],
    ["whose polygon is none", { ...object, segmentation: [["0", 1]] }, /annotations\.segmentation/],
    ["that is neither crowd nor object", { ...object, iscrowd: 2 }, /annotations\.iscrowd/],
  ])("refuses an annotation %s", async (_, annotation, message) => {
    await expect(open([annotation])).rejects.toThrow(message);
    await expect(open([annotation])).rejects.toThrow(lightsegError("INVALID_DATASET", "open"));
  });

  it("refuses photos in other folders, and files that are cut short", async () => {
    const outside = { ...image(1), file_name: "../1.jpg" };
    await expect(open([object], [outside])).rejects.toThrow(/images\.file_name/);
    await writeFile(file("annotations/instances_val2017.json"), '{"images": [{"id": 1');
    await expect(coco.open(directory, "val")).rejects.toThrow(/must be a whole JSON file/);
  });
});
