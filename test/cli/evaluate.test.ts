import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseArguments } from "../../src/cli/arguments.ts";
import { evaluate } from "../../src/cli/evaluate.ts";
import {
  confusionCsv,
  formatClasses,
  formatSummary,
  predictionWriter,
} from "../../src/cli/evaluate-output.ts";
import { camvid } from "../../src/datasets/camvid.ts";
import type { Dataset } from "../../src/datasets/dataset.ts";
import { ConfusionMatrix } from "../../src/evaluation/confusion-matrix.ts";
import { computeMetrics } from "../../src/evaluation/metrics.ts";
import { encodeIndexedPng } from "../../src/images/indexed-png.ts";
import { decodePhoto } from "../../src/images/node/decode.ts";
import { encodePng } from "../../src/images/node/encode.ts";
import { decodeMask } from "../../src/images/node/mask.ts";
import { vocPalette } from "../../src/images/palette.ts";
import { resizePhoto } from "../../src/images/resample.ts";
import { writeCamvid } from "../support/camvid.ts";
import { root, runCli, runJson, startCli } from "./run-cli.ts";

const photos = ["astronaut", "chelsea", "coffee"];
const [WIDTH, HEIGHT] = [96, 64];
const shares = z.record(z.string(), z.number().nullable());
const report = z.object({
  split: z.string(),
  images: z.number(),
  finished: z.literal(true),
  miou: z.number(),
  iou: shares,
  pixelAccuracy: z.number(),
  frequencyWeightedIou: z.number(),
  boundary: z.object({ meanScore: z.number(), score: shares, precision: shares, recall: shares }).optional(),
  calibration: z.object({
    error: z.number().min(0).max(1),
    bins: z
      .array(
        z.object({ pixels: z.number(), confidence: z.number().nullable(), accuracy: z.number().nullable() }),
      )
      .length(15),
  }),
  confusion: z.array(z.array(z.number())),
  views: z.record(z.string(), z.unknown()).nullable(),
  meanOver: z.object({ classes: z.array(z.string()), miou: z.number() }).optional(),
});

let folder = "";
const file = (...names: string[]) => join(folder, ...names);
const line = (split: string, ...more: string[]) => [
  ...[
    "evaluate",
    "--model",
    "camvid",
    "--dataset",
    "camvid",
    "--data",
    file("data"),
    "--split",
    split,
    "--threads",
    "1",
    ...more,
  ],
];

/** Stripes of all classes and void, 8 pixels wide. */
const truth = {
  width: WIDTH,
  height: HEIGHT,
  data: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, pixel) => Math.floor((pixel % WIDTH) / 8)),
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-evaluate-"));
  for (const split of ["val", "test"]) {
    await mkdir(file("data", split), { recursive: true });
    await mkdir(file("data", `${split}annot`));
    for (const id of photos) {
      const photo = resizePhoto(await decodePhoto(join(root, "examples", `${id}.jpg`)), WIDTH, HEIGHT);
      await writeFile(file("data", split, `${id}.png`), await encodePng(photo));
      await writeFile(file("data", `${split}annot`, `${id}.png`), encodeIndexedPng(truth, vocPalette(12)));
    }
  }
  await writeFile(file("data", "val.txt"), photos.join("\n"));
  await writeFile(file("data", "test.txt"), Array(500).fill(photos[0]).join("\n"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("lightseg evaluate", { timeout: 300_000 }, () => {
  it("writes predictions and confusion matrix, from which its measures follow", async () => {
    const csv = file("new", "confusion.csv");
    const outputs = ["--confusion", csv, "--predictions", file("out")];
    const result = await runJson(line("val", "--boundary", "--mean-over", "sky,car", ...outputs));
    expect(result.code).toBe(0);
    expect(result.stderr).toContain("photos 3/3 (100 %)");
    const measured = report.parse(result.json);
    expect(measured).toMatchObject({ split: "val", images: 3, views: null });

    expect((await readdir(file("out"))).sort()).toEqual(photos.map((id) => `${id}.png`));
    const matrix = new ConfusionMatrix(11);
    const truthLabels = { ...truth, data: truth.data.map((label) => (label === 11 ? 255 : label)) };
    for (const id of photos) {
      const bytes = await readFile(file("out", `${id}.png`));
      matrix.add(truthLabels, decodeMask(bytes, id));
    }
    const expected = computeMetrics(matrix);
    expect(measured.miou).toBe(expected.miou);
    expect(measured.miou).toBeGreaterThan(0);
    expect(measured.frequencyWeightedIou).toBe(expected.frequencyWeightedIou);
    expect(Object.values(measured.iou)).toEqual(expected.iou);
    const [skyIou, carIou] = [measured.iou.sky ?? Number.NaN, measured.iou.car ?? Number.NaN];
    expect(measured.meanOver).toEqual({ classes: ["sky", "car"], miou: (skyIou + carIou) / 2 });
    expect(measured.confusion.flat()).toEqual([...matrix.counts]);
    expect(await readFile(csv, "utf8")).toBe(confusionCsv(camvid.labels.classes, matrix));
    // One pixel in 16 of each photo, but for ignored ones.
    const looked = measured.calibration.bins.reduce((sum, { pixels }) => sum + pixels, 0);
    const rows = Array.from({ length: Math.ceil(HEIGHT / 4) }, (_, row) => 4 * row);
    const columns = Array.from({ length: Math.ceil(WIDTH / 4) }, (_, column) => 4 * column);
    const sampled = rows.flatMap((y) => columns.map((x) => truth.data[y * WIDTH + x]));
    expect(looked).toBe(3 * sampled.filter((label) => label !== 11).length);
    const { score = {}, recall = {} } = measured.boundary ?? {};
    // All stripes touch others, so that each class has a boundary.
    for (const values of [score, recall]) {
      for (const name of camvid.labels.classes) expect(values[name]).toEqual(expect.any(Number));
    }
    expect(measured.boundary?.meanScore).toBeGreaterThan(0);
  });

  it("measures on the first photos alone, if told to", async () => {
    const { json } = await evaluate.run(
      parseArguments(evaluate, [...line("val").slice(1), "--limit", "1"]),
      () => undefined,
    );
    expect(json).toMatchObject({ images: 1, finished: true });
  });

  it("averages over scales, mirror images and windows, and shows a table", async () => {
    const views = ["--scales", "0.5,1.25", "--flip", "--window", "48x64", "--stride", "40"];
    const { code, stdout } = await runCli(line("val", ...views, "--upsampling", "bicubic", "--boundary"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^class +IoU +accuracy +boundary F\nsky +([\d.]+ %|-) +[\d.]+ % +[\d.]+ %\n/);
    expect(stdout).toMatch(
      /mean IoU +[\d.]+ %\npixel accuracy .*\nmean accuracy .*\nfrequency-weighted IoU .*\nexpected calibration error .*\nlow mean confidence .*\nmean boundary F .*\nimages +3\n$/,
    );
  });

  it("stops cleanly at Ctrl-C, with whole predictions and no measures", async () => {
    const { child, ended } = startCli(
      line("test", "--predictions", file("stopped"), "--scales", "1,2", "--json"),
    );
    await new Promise<void>((resolve) => {
      child.stderr?.on("data", (chunk) => {
        if (String(chunk).includes("photos 1/500")) resolve();
      });
    });
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("once more to stop at once");
    const { images } = z.object({ images: z.number(), finished: z.literal(false) }).parse(JSON.parse(stdout));
    expect(images).toBeGreaterThan(0);
    expect(images).toBeLessThan(500);
    expect(await readdir(file("stopped"))).toEqual(["astronaut.png"]);
  });

  it.each([
    ["--split all", "split must be one of train, val, test"],
    ["--scales 1,,2", "--scales must be factors from 0.1 to 8"],
    ["--scales 9", "--scales must be factors from 0.1 to 8"],
    ["--window 12", "--window must be height x width in pixels"],
    ["--window 12x12 --stride 0", "--stride must be at least 1, got 0"],
    ["--window 12x12 --stride 16", "stride must be a whole number from 1 to 12, got 16"],
    ["--stride 16", "stride needs a window"],
    ["--upsampling nearest", "--upsampling must be one of bilinear, bicubic"],
    ["--boundary --boundary-tolerance 2", "--boundary-tolerance must be at most 1, got 2"],
    ["--mean-over sky,moon", "--mean-over must name classes of the data set (sky, building,"],
    ["--boundary-tolerance 0.1", "--boundary-tolerance is for --boundary"],
  ])("refuses %s", async (typed, message) => {
    const argv = ["--dataset", "camvid", "--data", file("data"), ...typed.split(" ")];
    await expect(evaluate.run(parseArguments(evaluate, argv), () => undefined)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(message),
    });
  });

  it("refuses a split without a labelled pixel before it measures", async () => {
    await writeCamvid(file("unlabelled"), () => 11);
    const argv = line("val", "--data", file("unlabelled"), "--predictions", file("none")).slice(1);
    await expect(evaluate.run(parseArguments(evaluate, argv), () => undefined)).rejects.toMatchObject({
      code: "INVALID_DATASET",
      message: expect.stringMatching(/camvid, split val, must have a labelled pixel/),
    });
    expect(existsSync(file("none"))).toBe(false);
  });

  it("notices before the work that results cannot be written", async () => {
    await writeFile(file("regular"), "");
    const argv = line("val", "--predictions", file("regular", "out")).slice(1);
    await expect(evaluate.run(parseArguments(evaluate, argv), () => undefined)).rejects.toMatchObject({
      code: "OUTPUT",
    });
  });
});

describe("predictionWriter", () => {
  it("writes for VOC's server where it looks, with VOC's colors", async () => {
    const labels = { classes: ["a", "b"], palette: vocPalette(2), ignoreLabel: 255 } as const;
    const load = () => Promise.reject(new Error("not loaded"));
    const dataset: Dataset = { name: "voc", split: "val", labels, size: 1, ids: ["x"], load };
    await predictionWriter(dataset, file("voc"))("2007_000033", {
      width: 2,
      height: 1,
      data: Uint8Array.of(1, 0),
    });
    const path = file("voc", "results", "VOC2012", "Segmentation", "comp6_val_cls", "2007_000033.png");
    expect(existsSync(path)).toBe(true);
    expect([...decodeMask(await readFile(path), path).data]).toEqual([1, 0]);
    expect([...(await decodePhoto(path)).data]).toEqual([128, 0, 0, 0, 0, 0]);
  });
});

describe("confusionCsv", () => {
  it("has true classes as rows, and quotes names that need it", () => {
    const matrix = new ConfusionMatrix(2);
    matrix.counts.set([5, 1, 0, 7]);
    expect(confusionCsv(["road", 'sign, "small"'], matrix)).toBe(
      'truth \\ prediction,road,"sign, ""small"""\r\nroad,5,1\r\n"sign, ""small""",0,7\r\n',
    );
  });
});

describe("formatClasses and formatSummary", () => {
  it("show each measure in its column, and no boundary that was not measured", () => {
    const confusion = new ConfusionMatrix(2);
    confusion.counts.set([3, 1, 2, 4]);
    const evaluation = { ...computeMetrics(confusion), images: 2, confusion };
    expect(formatClasses(["a", "b"], evaluation)).toBe(
      "class     IoU  accuracy\na      50.0 %    75.0 %\nb      57.1 %    66.7 %",
    );
    const none = [null, null];
    const boundary = { meanScore: 0.5, score: [0.5, null], precision: none, recall: none };
    expect(formatClasses(["a", "b"], { ...evaluation, boundary })).toContain(
      "class     IoU  accuracy  boundary F\na      50.0 %    75.0 %      50.0 %\nb      57.1 %    66.7 %           -",
    );
    expect(formatSummary(evaluation)).not.toContain("boundary");
    // 0.4 of the pixels are true a with IoU 3/6, 0.6 are b with 4/7.
    expect(formatSummary(evaluation)).toContain("frequency-weighted IoU  54.3 %");
  });
});
