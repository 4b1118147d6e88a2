import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { LabelMap } from "../../src/images/types.ts";
import { Segmenter } from "../../src/inference/node/node-segmenter.ts";
import type { Model } from "../../src/model-files/model.ts";
import { type FineTuneOptions, fineTune } from "../../src/teaching/node/fine-tune.ts";
import type { TeachingProgress } from "../../src/teaching/options.ts";
import type { TaughtModel } from "../../src/teaching/taught-model.ts";
import { failureOf } from "../support/errors.ts";
import { landscape, strokedLandscape } from "../support/landscape.ts";
import { teachCamvid } from "../support/teach-camvid.ts";

const CAMVID = join(import.meta.dirname, "../../../shared/data/camvid");
const options: FineTuneOptions = {
  classes: [{ name: "sky", color: [0, 0, 255] }, { name: "grass" }],
  samples: [strokedLandscape(20), strokedLandscape(44)],
  ...{ device: "cpu", threads: 1, steps: 12 },
};

describe("fineTune", { timeout: 120_000 }, () => {
  let taught: TaughtModel;
  const progress: TeachingProgress[] = [];
  const previews: Model[] = [];
  beforeAll(async () => {
    taught = await fineTune({
      ...options,
      modelEvery: 5,
      onProgress: (value) => void progress.push(value),
      onModel: (model) => void previews.push(model),
    });
  }, 120_000);

  it("finds the classes of 40 painted pixels in another photo", async () => {
    const segmenter = await Segmenter.load(taught.toBlob(), { device: "cpu" });
    const { photo, truth } = landscape(30, 2);
    const { labels, found } = await segmenter.segment(photo);
    await segmenter.dispose();
    expect(found.map(({ name }) => name).sort()).toEqual(["grass", "sky"]);
    const right = truth.filter((label, pixel) => labels[pixel] === label).length;
    expect(right / truth.length).toBeGreaterThan(0.9);
  });

  it("says how far it is, and gives the model on the way", () => {
    expect(progress.map(({ step, steps }) => `${step}/${steps}`)).toEqual(
      Array.from({ length: 12 }, (_, index) => `${index + 1}/12`),
    );
    expect(progress.at(-1)?.loss).toBeLessThan((progress[0]?.loss ?? 0) / 2);
    expect(previews.map(({ network, classes }) => [network, ...classes])).toEqual(
      Array(2).fill(["hypercolumn+mobilenet-v2", "sky", "grass"]),
    );
  });

  it.each([
    ["head", {}],
    ["all", { base: "voc", layers: "all", steps: 2, modelEvery: 1 }],
  ] as const)("shows on the way and at the end what it finds in pictures (%s)", async (_, change) => {
    // Higher than the samples, which are of 96x64.
    const tall = { width: 40, height: 96, data: new Uint8Array(3 * 40 * 96) };
    const { photo } = landscape(30, 2);
    const seen: (readonly LabelMap[])[] = [];
    const model = await fineTune({
      ...{ ...options, modelEvery: 5, ...change, previews: [photo, tall] },
      onPreview: (labels) => void seen.push(labels),
    });
    const sizes = seen.map((maps) => maps.map(({ width, height }) => `${width}x${height}`).join());
    expect(sizes).toEqual(Array("steps" in change ? 2 : 3).fill("96x64,27x64"));
    await using segmenter = await Segmenter.load(model.toBlob(), { device: "cpu" });
    const { labels } = await segmenter.segment(photo);
    const last = seen.at(-1)?.[0]?.data;
    const equal = labels.filter((label, pixel) => label === last?.[pixel]).length;
    expect(equal / labels.length).toBeGreaterThan(0.98);
  });

  it("repeats itself, byte for byte", async () => {
    expect(Buffer.from((await fineTune(options)).bytes).equals(taught.bytes)).toBe(true);
  });

  it("describes the model with its classes and colors", () => {
    expect(taught.description).toMatchObject({
      ...{ network: "hypercolumn+mobilenet-v2", classes: ["sky", "grass"], alignCorners: false },
      palette: [
        [0, 0, 255],
        [0, 128, 0],
      ],
    });
  });

  it.each([
    ["decoder", "segm.weight", "layer8.0.output.2.0.weight"],
    ["all", "layer8.0.output.2.0.weight", undefined],
  ] as const)("trains %s of a model", async (layers, changing, staying) => {
    const seen: Model[] = [];
    const losses: number[] = [];
    await fineTune({
      ...options,
      ...{ base: "voc", layers, steps: 3, modelEvery: 1 },
      onModel: (model) => void seen.push(model),
      onProgress: ({ loss }) => void losses.push(loss),
    });
    const [first, second] = seen.map(({ weights }) => weights);
    const isSame = (name: string) => String(first?.get(name)?.data) === String(second?.get(name)?.data);
    expect(seen.map(({ network }) => network)).toEqual(Array(2).fill("refinenet-lw-mobilenet-v2"));
    expect(isSame(changing)).toBe(false);
    if (staying) expect(isSame(staying)).toBe(true);
    expect(losses.every(Number.isFinite)).toBe(true);
  });

  it("stops when it is told to", async () => {
    const stopping = new AbortController();
    const running = fineTune({
      ...options,
      signal: stopping.signal,
      onProgress: () => stopping.abort("enough"),
    });
    await expect(running).rejects.toBe("enough");
  });

  const bad = (labels: number[]) => ({
    ...strokedLandscape(20),
    labels: { width: 2, height: 1, data: Uint8Array.from(labels) },
  });
  const tiny = { width: 2, height: 1, data: new Uint8Array(6) };
  it.each<[string, Partial<FineTuneOptions>, string]>([
    ["one class", { classes: [{ name: "sky" }] }, "classes must be 2 to 64 classes, got 1"],
    [
      "a name twice",
      { classes: [{ name: "sky" }, { name: "sky" }] },
      'classes must have names that differ and are not empty, got "sky"',
    ],
    [
      "a blank name",
      { classes: [{ name: "sky" }, { name: " " }] },
      'classes must have names that differ and are not empty, got " "',
    ],
    [
      "a class without a name",
      // @ts-expect-error what programs in JavaScript may pass
      { classes: [{ name: "sky" }, {}] },
      "classes must have names that differ and are not empty",
    ],
    ["no photos", { samples: [] }, "samples must be 1 to 100 pictures with labels, got 0"],
    [
      "a class without strokes",
      { classes: [{ name: "sky" }, { name: "grass" }, { name: "cow" }] },
      'samples must have labelled pixels of each class, got "cow"',
    ],
    [
      "labels of another size",
      { samples: [bad([0, 1])] },
      'samples must have labels of the photo\'s size, got "2x1"',
    ],
    [
      "a label beyond the classes",
      { samples: [{ ...bad([0, 7]), picture: tiny }] },
      "samples must have labels below 2, or 255, got 7",
    ],
    ["too many previews", { previews: Array(21).fill(tiny) }, "previews must be at most 20 pictures, got 21"],
    // @ts-expect-error what programs in JavaScript may pass
    ["layers that there are not", { layers: "tail" }, "layers must be one of head, decoder, all, got"],
    ["a size out of range", { longSide: 5000 }, "longSide must be a whole number from 64 to 2048, got 5000"],
    ["a base that is nowhere", { base: "nowhere.pth" }, "nowhere.pth"],
  ])("refuses %s", async (_, change, text) => {
    expect((await failureOf(fineTune({ ...options, ...change }))).message).toContain(text);
  });
});

const isThere = existsSync(CAMVID);
describe("teaching by strokes on CamVid", { timeout: 300_000 }, () => {
  it.skipIf(!isThere)(
    "finds six classes after strokes on three frames (skipped without CamVid)",
    async () => {
      const { labelled, miou } = await teachCamvid(CAMVID, { frames: 3 });
      expect(labelled).toBeLessThanOrEqual(0.01);
      expect(miou).toBeGreaterThan(0.6);
    },
  );
});
