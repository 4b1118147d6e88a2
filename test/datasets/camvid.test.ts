import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { camvid } from "../../src/datasets/camvid.ts";
import { type ErrorCode, LightsegError } from "../../src/errors.ts";

const width = 4;
const height = 3;
const maskData = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
const photoData = Uint8Array.from({ length: 3 * width * height }, (_, i) => 7 * i);

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lightseg-camvid-"));
  await mkdir(join(directory, "train"));
  await mkdir(join(directory, "trainannot"));
  await writeFile(join(directory, "train.txt"), "one\ntwo\n");
  await writePhoto("one.png");
  await writePhoto("two.jpg");
  await writeMask("one");
  await writeMask("two");
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function writePhoto(name: string): Promise<void> {
  await sharp(photoData, { raw: { width, height, channels: 3 } }).toFile(join(directory, "train", name));
}

async function writeMask(id: string, data = maskData, size = { width, height }): Promise<void> {
  await writeFile(join(directory, "trainannot", `${id}.png`), encode({ ...size, data, channels: 1 }));
}

async function errorOf(promise: Promise<unknown>): Promise<{ code: ErrorCode; message: string }> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof LightsegError)) throw new Error(`expected a LightsegError, got ${String(error)}`);
  return error;
}

describe("camvid", () => {
  it("reads photos of either kind and maps void to the ignore label", async () => {
    const dataset = await camvid.open(directory, "train");
    expect(dataset).toMatchObject({ name: "camvid", split: "train", size: 2, ids: ["one", "two"] });
    expect(dataset.labels).toBe(camvid.labels);
    const sample = await dataset.load(0);
    expect(sample.id).toBe("one");
    expect([...sample.photo.data]).toEqual([...photoData]);
    expect(sample.labels).toMatchObject({ width, height });
    expect([...sample.labels.data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
    expect((await dataset.load(1)).photo).toMatchObject({ width, height });
  });

  it("tolerates blank lines and CRLF in the list", async () => {
    await writeFile(join(directory, "train.txt"), "\r\ntwo\r\n\r\n  one  \r\n");
    expect((await camvid.open(directory, "train")).ids).toEqual(["two", "one"]);
  });

  it("reads the list of the SegNet tutorial", async () => {
    const line = (id: string) => `/SegNet/CamVid/train/${id}.png /SegNet/CamVid/trainannot/${id}.png\n`;
    await writeFile(join(directory, "train.txt"), line("one") + line("two"));
    expect((await camvid.open(directory, "train")).ids).toEqual(["one", "two"]);
  });

  it("refuses an unknown split", async () => {
    const { code, message } = await errorOf(camvid.open(directory, "train-only-0007XX"));
    expect(code).toBe("INVALID_ARGUMENT");
    expect(message).toMatch(
      /split must be one of train, val, test, trainval, train-without-0001TP.*"train-only-0007XX"/,
    );
  });

  it("leaves out a whole drive, or has it alone, and joins train and val", async () => {
    const list = async (name: string, ids: string[]) => {
      await writeFile(join(directory, `${name}.txt`), ids.join("\n"));
      for (const folder of [name, `${name}annot`]) {
        await mkdir(join(directory, folder), { recursive: true });
        for (const id of ids) await writeFile(join(directory, folder, `${id}.png`), "");
      }
    };
    await list("train", ["0001TP_1", "0006R0_1", "0001TP_2"]);
    await list("val", ["0016E5_1"]);
    const idsOf = async (split: string) => (await camvid.open(directory, split)).ids;
    expect(await idsOf("train-without-0001TP")).toEqual(["0006R0_1"]);
    expect(await idsOf("train-only-0001TP")).toEqual(["0001TP_1", "0001TP_2"]);
    expect(await idsOf("trainval")).toEqual(["0001TP_1", "0006R0_1", "0001TP_2", "0016E5_1"]);
    const { code, message } = await errorOf(camvid.open(directory, "train-only-0016E5"));
    expect(code).toBe("INVALID_DATASET");
    expect(message).toContain("train.txt: list must hold frames of train-only-0016E5");
  });

  it.each([
    ["list", "train.txt"],
    ["photo folder", "train"],
    ["photo", "train/two.jpg"],
    ["mask folder", "trainannot"],
    ["mask", "trainannot/two.png"],
  ])("names a missing %s and shows the expected layout", async (_, path) => {
    await rm(join(directory, path), { recursive: true });
    const { code, message } = await errorOf(camvid.open(directory, "train"));
    expect(code).toBe("NOT_FOUND");
    expect(message).toContain(join(directory, path.replace("two.jpg", "two.png")));
    expect(message).toContain("expected DIR/train.txt, DIR/train/ID.png or .jpg and DIR/trainannot/ID.png");
  });

  it("refuses an empty list", async () => {
    await writeFile(join(directory, "train.txt"), "\n\n");
    expect(await errorOf(camvid.open(directory, "train"))).toMatchObject({ code: "INVALID_DATASET" });
  });

  it("names a mask value that CamVid does not have, and its place", async () => {
    await writeMask("one", maskData.with(6, 12));
    const dataset = await camvid.open(directory, "train");
    const { code, message } = await errorOf(dataset.load(0));
    expect(code).toBe("INVALID_DATASET");
    expect(message).toContain(join("trainannot", "one.png"));
    expect(message).toContain("12 at column 2, row 1");
  });

  it("refuses a mask of another size than its photo", async () => {
    await writeMask("one", maskData, { width: 3, height: 4 });
    const dataset = await camvid.open(directory, "train");
    const { code, message } = await errorOf(dataset.load(0));
    expect(code).toBe("INVALID_DATASET");
    expect(message).toContain('must have the size of its photo, 4x3, got "3x4"');
  });

  it("refuses a sample number out of range, and a file that went away", async () => {
    const dataset = await camvid.open(directory, "train");
    for (const index of [-1, 2, 0.5, Number.NaN]) {
      expect(await errorOf(dataset.load(index))).toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    await rm(join(directory, "trainannot", "one.png"));
    expect(await errorOf(dataset.load(0))).toMatchObject({ code: "NOT_FOUND" });
    await rm(join(directory, "train", "two.jpg"));
    expect(await errorOf(dataset.load(1))).toMatchObject({ code: "NOT_FOUND" });
  });

  it("refuses files that are no images", async () => {
    const dataset = await camvid.open(directory, "train");
    await writeFile(join(directory, "trainannot", "one.png"), "not a PNG");
    await writeFile(join(directory, "train", "two.jpg"), "not a JPEG");
    expect(await errorOf(dataset.load(0))).toMatchObject({ code: "INVALID_IMAGE" });
    expect(await errorOf(dataset.load(1))).toMatchObject({ code: "INVALID_IMAGE" });
  });
});

const real = "../shared/data/camvid";
const title = existsSync(real) ? "the real CamVid" : `the real CamVid (skipped: no ${real})`;

describe.skipIf(!existsSync(real))(title, () => {
  it.each([
    ["train", 367],
    ["val", 101],
    ["trainval", 468],
    ["train-without-0006R0", 266],
    ["train-only-0006R0", 101],
  ])("has its %s split of %i samples, with labels 0..10 or 255 only", async (split, size) => {
    const dataset = await camvid.open(real, split);
    expect(dataset.size).toBe(size);
    const seen = new Set<number>();
    for (let index = 0; index < size; index += 10) {
      const { photo, labels } = await dataset.load(index);
      expect(photo).toMatchObject({ width: 480, height: 360 });
      for (const label of labels.data) seen.add(label);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
  });
});
