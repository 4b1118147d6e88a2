import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseArguments } from "../../src/cli/arguments.ts";
import { segment } from "../../src/cli/segment.ts";
import { decodePhoto } from "../../src/images/node/decode.ts";
import { decodeMask } from "../../src/images/node/mask.ts";
import { describeModel } from "../../src/model-files/description.ts";
import { writeSafetensors } from "../../src/weights/node/write.ts";
import { randomModel, testPhoto } from "../support/model.ts";
import { decodeNpy } from "../support/npy.ts";
import { PickleWriter } from "../weights/pickle-writer.ts";
import { root, runCli, runJson } from "./run-cli.ts";

const network = "refinenet-lw-mobilenet-v2";
const coffee = `${root}examples/coffee.jpg`;
const failed = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
const done = z.object({
  photo: z.string(),
  width: z.number(),
  height: z.number(),
  labels: z.string(),
  overlay: z.string(),
  scores: z.string().optional(),
  classes: z.array(
    z.object({
      label: z.number(),
      name: z.string(),
      pixels: z.number(),
      share: z.number().min(0).max(1),
      confidence: z.number().min(0).max(1).optional(),
    }),
  ),
  timing: z.object({
    ...{ preprocess: z.number(), inference: z.number(), postprocess: z.number() },
    warmUp: z.boolean(),
  }),
  networkSize: z.object({ width: z.number(), height: z.number() }),
});
const report = z.object({ photos: z.array(z.union([done, failed.extend({ photo: z.string() })])) });

let folder = "";
const file = (...names: string[]) => join(folder, ...names);
const model = () => ["--model", file("model.safetensors")];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-cli-"));
  const random = randomModel();
  await writeSafetensors(file("model.safetensors"), random.weights, { metadata: describeModel(random) });
  await writeSafetensors(file("plain.safetensors"), random.weights);
});
afterAll(() => rm(folder, { recursive: true }));

/** The smallest PNG header that claims a size. */
async function giantPng(): Promise<Uint8Array> {
  const bytes = await sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  bytes.writeUInt32BE(20_000, 16);
  bytes.writeUInt32BE(20_000, 20);
  bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
  return bytes;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe("lightseg segment", { timeout: 180_000 }, () => {
  it("writes labels, overlay and scores, and says what it found", async () => {
    const out = file("one");
    const args = ["segment", coffee, ...model(), "--out", out, "--scores", file("s.npy"), "--confidence"];
    const { code, stderr, json } = await runJson(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [photo] = z.object({ photos: z.tuple([done]) }).parse(json).photos;
    expect(photo).toMatchObject({
      photo: coffee,
      width: 600,
      height: 400,
      labels: join(out, "coffee.labels.png"),
      overlay: join(out, "coffee.overlay.png"),
      scores: file("s.npy"),
      networkSize: { width: 600, height: 400 },
    });
    expect((await readdir(out)).sort()).toEqual(["coffee.labels.png", "coffee.overlay.png"]);

    const labels = decodeMask(await readFile(photo.labels), "labels");
    expect([labels.width, labels.height]).toEqual([600, 400]);
    for (const { label, pixels, share, confidence } of photo.classes) {
      expect(labels.data.filter((value) => value === label)).toHaveLength(pixels);
      expect(share).toBeCloseTo(pixels / 240_000);
      expect(confidence).toBeGreaterThan(0);
    }
    expect(photo.classes.reduce((sum, { pixels }) => sum + pixels, 0)).toBe(240_000);
    const overlay = await decodePhoto(photo.overlay);
    expect(overlay.width).toBe(600);
    expect(overlay.height).toBeGreaterThan(400);
    const { shape, data } = decodeNpy(await readFile(file("s.npy")));
    expect(shape).toEqual([11, 100, 150]);
    expect(data.every(Number.isFinite)).toBe(true);
  });

  it("gives a hint where the model is less sure than its description says it mostly is", async () => {
    const random = randomModel();
    const segmentWith = async (lowConfidence: number) => {
      const path = file(`${lowConfidence}.safetensors`);
      const metadata = describeModel({ ...random, lowConfidence });
      await writeSafetensors(path, random.weights, { metadata });
      const lines: string[] = [];
      const args = parseArguments(segment, [coffee, "--model", path, "--out", file("certainty")]);
      const { json } = await segment.run(args, (line) => lines.push(line));
      return { json, text: lines.join("\n") };
    };
    const unsure = await segmentWith(1);
    expect(unsure.text).toMatch(
      /hint: mean confidence \d+\.\d %, under the 100\.0 % that this model nearly always has/,
    );
    expect(unsure.json).toMatchObject({ photos: [{ unsure: true, meanConfidence: expect.any(Number) }] });
    const sure = await segmentWith(0);
    expect(sure.text).not.toContain("hint:");
    expect(sure.json).toMatchObject({ photos: [{ unsure: false }] });
  });

  it("prints classes, times and files for people, into lightseg-out where nothing else is said", async () => {
    const args = ["segment", coffee, "--model", network, "--weights", file("plain.safetensors")];
    const { code, stdout, stderr } = await runCli(args, folder);
    expect(code).toBe(0);
    expect(stderr).toMatch(/plain\.safetensors: (\d+) of \1 parameters found\n$/);
    expect(stdout).toContain("coffee.jpg  600x400\n");
    expect(stdout).toMatch(/class \d+ +\d+\.\d %\n/);
    expect(stdout).toMatch(/inference [\d.]+ ms, postprocess [\d.]+ ms, the engine's preparation included/);
    expect(stdout).toContain(`wrote ${join("lightseg-out", "coffee.labels.png")}`);
    expect(await readdir(file("lightseg-out"))).toHaveLength(2);
  });

  it("reads every kind of photo in a folder, and goes on after those that it cannot read", async () => {
    const photos = file("photos");
    await mkdir(join(photos, "folder.jpg"), { recursive: true });
    const { data } = testPhoto(40, 30);
    const rgb = () => sharp(data, { raw: { width: 40, height: 30, channels: 3 } });
    const good = {
      "one-pixel.png": await rgb().resize(1, 1).png().toBuffer(),
      "gray.png": await rgb().grayscale().png().toBuffer(),
      "alpha.png": await rgb().ensureAlpha(0.5).png().toBuffer(),
      "sixteen.png": await rgb().toColourspace("rgb16").png().toBuffer(),
      "cmyk.jpg": await rgb().toColourspace("cmyk").jpeg().toBuffer(),
      "UPPER.WEBP": await rgb().webp().toBuffer(),
    };
    const jpeg = await readFile(coffee);
    const bad = {
      "cut.jpg": jpeg.subarray(0, jpeg.length / 2),
      "cut2.png": (await rgb().png().toBuffer()).subarray(0, 200),
      "empty.jpg": new Uint8Array(),
      "giant.png": await giantPng(),
      "text.jpg": Buffer.from("not a photo"),
    };
    const ignored = {
      "notes.txt": Buffer.from("x"),
      "photo.heic": Buffer.from("x"),
      "old.labels.png": good["gray.png"],
      "._gray.png": Buffer.from("x"),
    };
    for (const [name, bytes] of Object.entries({ ...good, ...bad, ...ignored }))
      await writeFile(join(photos, name), bytes);

    const out = file("many");
    const { code, stderr, json } = await runJson(["segment", photos, ...model(), "--out", out]);
    expect(code).toBe(1);
    const names = (list: object) => Object.keys(list).map((name) => join(photos, name));
    expect(stderr).toContain(`${photos}: passed over 2 files (notes.txt, photo.heic); .jpg, .jpeg, .png`);
    expect(json).toMatchObject({ passedOver: [join(photos, "notes.txt"), join(photos, "photo.heic")] });
    const results = report.parse(json).photos;
    const failures = results.filter((result) => "error" in result);
    expect(failures.map(({ photo }) => photo).sort()).toEqual(
      [...names(bad), join(photos, "folder.jpg")].sort(),
    );
    for (const { error } of failures) expect(error.code).toBe("INVALID_IMAGE");
    expect(stderr.trimEnd().split("\n")).toHaveLength(1 + failures.length);
    expect(failed.parse(json).error).toEqual(failures[0]?.error);

    const written = results.filter((result) => "labels" in result);
    expect(written.map(({ photo }) => photo).sort()).toEqual(names(good).sort());
    for (const { photo, labels } of written) {
      const { width, height } = decodeMask(await readFile(labels), labels);
      expect({ photo, width, height }).toEqual(
        photo.includes("one-pixel") ? { photo, width: 1, height: 1 } : { photo, width: 40, height: 30 },
      );
    }
    expect(await readdir(out)).toHaveLength(2 * written.length);
  });

  it("refuses photos whose results would be written over one another, or over a photo", async () => {
    const other = file("other");
    await mkdir(other);
    await copyFile(coffee, join(other, "coffee.png"));
    await copyFile(coffee, join(other, "coffee.labels.png"));
    const out = file("collision");
    const same = await runCli(["segment", coffee, join(other, "coffee.png"), ...model(), "--out", out]);
    expect(same.code).toBe(2);
    expect(same.stderr).toMatch(
      /coffee\.png and .*coffee\.jpg would both be written to .*coffee\.labels\.png/,
    );
    expect(existsSync(out)).toBe(false);

    const photos = [join(other, "coffee.png"), join(other, "coffee.labels.png")];
    const over = await runCli(["segment", ...photos, ...model(), "--out", other]);
    expect(over.code).toBe(2);
    expect(over.stderr).toContain("would be written over the photo");
  });

  it("fails without leaving anything behind where a folder is empty, a photo missing or nothing can be written", async () => {
    await mkdir(file("empty"));
    await writeFile(file("regular"), "");
    const out = file("unused");
    const empty = await runJson(["segment", file("empty"), ...model(), "--out", out]);
    expect(empty).toMatchObject({ code: 1, json: { error: { code: "NOT_FOUND" } } });
    expect(empty.stderr).toContain("folder must hold photos");
    const missing = await runJson(["segment", file("none.jpg"), ...model(), "--out", out]);
    expect(missing).toMatchObject({ code: 1, json: { error: { code: "NOT_FOUND" } } });
    expect(missing.stderr).toBe(`lightseg segment: ${file("none.jpg")}: photo does not exist\n`);
    expect(existsSync(out)).toBe(false);

    const below = await runJson(["segment", coffee, ...model(), "--out", file("regular", "out")]);
    expect(below).toMatchObject({ code: 1, json: { error: { code: "OUTPUT" } } });
    const scores = ["--scores", file("regular", "s.npy")];
    const unscored = await runJson(["segment", coffee, ...model(), "--out", out, ...scores]);
    expect(unscored).toMatchObject({ code: 1, json: { error: { code: "OUTPUT" } } });
    expect(existsSync(out)).toBe(false);
    expect((await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("refuses weights that are cut, hostile, missing or for other classes", async () => {
    const whole = await readFile(file("model.safetensors"));
    const pickle = new PickleWriter().proto().global("os", "system").mark();
    pickle
      .text(`touch ${file("pwned")}`)
      .tuple()
      .reduce();
    await writeFile(file("hostile.pth"), zipSync({ "archive/data.pkl": pickle.stop() }, { level: 0 }));
    await writeFile(file("cut.safetensors"), whole.subarray(0, whole.length / 2));
    const cases = [
      [["--model", file("cut.safetensors")], 1, "INVALID_WEIGHTS"],
      [["--model", network, "--weights", file("hostile.pth")], 1, "INVALID_WEIGHTS"],
      [["--model", network, "--weights", file("plain.safetensors"), "--classes", "12"], 1, "INVALID_WEIGHTS"],
      [["--model", file("model.safetensors"), "--classes", "12"], 1, "INVALID_WEIGHTS"],
      [["--model", coffee], 1, "INVALID_WEIGHTS"],
      [["--model", "no-such-model"], 1, "NOT_FOUND"],
    ] as const;
    const out = file("unweighted");
    for (const [options, code, errorCode] of cases) {
      const result = await runJson(["segment", coffee, ...options, "--out", out]);
      expect(result).toMatchObject({ code, json: { error: { code: errorCode } } });
      expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
    }
    expect(existsSync(file("pwned"))).toBe(false);
    expect(existsSync(out)).toBe(false);
  });
});
