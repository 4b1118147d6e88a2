/** Small data sets in published layouts: photos of 40x32 pixels, four to train, two to validate. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { encode } from "fast-png";
import h5wasm from "h5wasm/node";
import sharp from "sharp";
import { Mat5Builder } from "../datasets/mat5-builder.ts";
import { testPhoto } from "./model.ts";

const width = 40;
const height = 32;
const splits = { train: [1, 2, 3, 4], val: [5, 6] };
const mat = new Mat5Builder();

/** Colorful pixels in rows that differ from photo to photo. */
function pixelsOf(photo: number): Uint8Array {
  return testPhoto(width, height).data.map((value) => (value + 29 * photo) % 256);
}

/** Blocks of 8x8 pixels that show one class each. */
function labelAt(x: number, y: number, { photo, classes }: { photo: number; classes: number }): number {
  return (Math.floor(x / 8) + 5 * Math.floor(y / 8) + photo) % classes;
}

/** Labels in rows. */
function labelsOf(photo: number, classes: number): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, at) =>
    labelAt(at % width, Math.floor(at / width), { photo, classes }),
  );
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

async function writePhoto(path: string, photo: number): Promise<void> {
  const raw = { width, height, channels: 3 } as const;
  await write(path, await sharp(pixelsOf(photo), { raw }).toFormat("jpeg").toBuffer());
}

async function writeMask(path: string, photo: number, classes: number): Promise<void> {
  await write(path, encode({ width, height, channels: 1, data: labelsOf(photo, classes) }));
}

const vocId = (photo: number) => `2007_00000${photo}`;
const vocIds = (photos: readonly number[]) => photos.map((photo) => `${vocId(photo)}\n`).join("");

/** VOC 2012: photos 2007_000001 to 2007_000004 to train, 2007_000005 and 2007_000006 to validate. */
export async function writeVoc(folder: string): Promise<void> {
  for (const [split, photos] of Object.entries(splits)) {
    await write(join(folder, "ImageSets/Segmentation", `${split}.txt`), vocIds(photos));
    for (const photo of photos) {
      await writePhoto(join(folder, "JPEGImages", `${vocId(photo)}.jpg`), photo);
      await writeMask(join(folder, "SegmentationClass", `${vocId(photo)}.png`), photo, 21);
    }
  }
}

/** SBD with masks of MATLAB: photos 2007_000001 to 2007_000005 to train, the last of which VOC validates. */
export async function writeSbd(folder: string): Promise<void> {
  const root = join(folder, "dataset");
  const photos = [...splits.train, 5];
  await write(join(root, "train.txt"), vocIds(photos));
  for (const photo of photos) {
    await writePhoto(join(root, "img", `${vocId(photo)}.jpg`), photo);
    const columns = Array.from({ length: width * height }, (_, at) =>
      labelAt(Math.floor(at / height), at % height, { photo, classes: 21 }),
    );
    const truth = mat.struct({ Segmentation: mat.uint8s([height, width], columns) }, "GTcls");
    await write(join(root, "cls", `${vocId(photo)}.mat`), mat.file(mat.compressed(truth)));
  }
}

/** COCO's training split: photos 1 to 4 show a person, photo 4 a crowd too, photo 5 none of VOC's classes. */
export async function writeCoco(folder: string): Promise<void> {
  const fileName = (photo: number) => `00000000000${photo}.jpg`;
  const box = [4, 4, 30, 4, 30, 24, 4, 24];
  const object = { category_id: 1, iscrowd: 0, area: 520, segmentation: [box] };
  // The last ten columns.
  const crowd = { counts: [30 * height, 10 * height], size: [height, width] };
  const photos = [1, 2, 3, 4, 5];
  const content = {
    images: photos.map((id) => ({ id, file_name: fileName(id), width, height })),
    annotations: [
      ...photos.map((id) => ({ ...object, id, image_id: id, category_id: id === 5 ? 53 : 1 })),
      { ...object, id: 6, image_id: 4, iscrowd: 1, segmentation: crowd },
    ],
    categories: [
      { id: 1, name: "person" },
      { id: 53, name: "apple" },
    ],
  };
  await write(join(folder, "annotations/instances_train2017.json"), JSON.stringify(content));
  for (const photo of photos) await writePhoto(join(folder, "train2017", fileName(photo)), photo);
}

/** Person-Part with the lists of its authors. */
export async function writePersonPart(folder: string): Promise<void> {
  for (const [split, photos] of Object.entries(splits)) {
    await write(join(folder, "pascal_person_part_trainval_list", `${split}.txt`), vocIds(photos));
    for (const photo of photos) {
      await writePhoto(join(folder, "JPEGImages", `${vocId(photo)}.jpg`), photo);
      await writeMask(join(folder, "pascal_person_part_gt", `${vocId(photo)}.png`), photo, 7);
    }
  }
}

/** NYUDv2 as the lists of Light-Weight RefineNet's code. */
export async function writeNyudv2Lists(folder: string): Promise<void> {
  for (const [split, photos] of Object.entries(splits)) {
    const lines = photos.map((photo) => `${split}/${photo}.jpg\t${split}/${photo}_mask.png\n`);
    await write(join(folder, `${split}.nyu`), lines.join(""));
    for (const photo of photos) {
      await writePhoto(join(folder, split, `${photo}.jpg`), photo);
      await writeMask(join(folder, split, `${photo}_mask.png`), photo, 40);
    }
  }
}

/** NYUDv2's official files, of 50 classes that are mapped to the 40; block 0 of a photo may be unlabelled. */
export async function writeNyudv2Mat(folder: string): Promise<void> {
  const photos = [...splits.train, ...splits.val];
  // Down the columns, one channel after the other.
  const columns = Array.from({ length: width * height }, (_, at) => ({
    x: Math.floor(at / height),
    y: at % height,
  }));
  const images = photos.flatMap((photo) => {
    const pixels = pixelsOf(photo);
    return [0, 1, 2].flatMap((channel) =>
      columns.map(({ x, y }) => pixels[3 * (y * width + x) + channel] ?? 0),
    );
  });
  const labels = photos.flatMap((photo) => columns.map(({ x, y }) => labelAt(x, y, { photo, classes: 51 })));
  const mapClass = Array.from({ length: 50 }, (_, index) => (index % 40) + 1);
  const { train, val } = splits;

  await mkdir(folder, { recursive: true });
  await h5wasm.ready;
  const hdf5 = new h5wasm.File(join(folder, "nyu_depth_v2_labeled.mat"), "w");
  const shape = [photos.length, width, height];
  hdf5.create_dataset({
    name: "images",
    data: Uint8Array.from(images),
    shape: [photos.length, 3, width, height],
  });
  hdf5.create_dataset({ name: "labels", data: Uint16Array.from(labels), shape });
  hdf5.close();
  const list = (photos: readonly number[], name: string) => mat.doubles([photos.length, 1], photos, name);
  await writeFile(join(folder, "splits.mat"), mat.file(list(train, "trainNdxs"), list(val, "testNdxs")));
  await writeFile(join(folder, "classMapping40.mat"), mat.file(mat.doubles([1, 50], mapClass, "mapClass")));
}
