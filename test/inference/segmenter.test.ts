import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { decodePhoto } from "../../src/images/node/decode.ts";
import { decodeMask } from "../../src/images/node/mask.ts";
import { renderLabels, renderOverlay } from "../../src/inference/node/render.ts";
import { type Platform, Segmenter } from "../../src/inference/segmenter.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { OpenSession } from "../../src/runtime/session.ts";
import { sideBySide } from "../../src/runtime/side-by-side.ts";
import { countingEngine } from "../support/counting-engine.ts";
import { randomModel, testPhoto } from "../support/model.ts";

const platform: Platform = { open: openNodeSession, decodePhoto };
const model = randomModel();

describe("Segmenter", () => {
  const segmenter = new Segmenter(model, platform);
  afterAll(() => segmenter.dispose());

  it.each([
    [64, 48],
    [1, 1],
    [33, 17],
    [5, 130],
  ])("labels every pixel of a photo of %i x %i", async (width, height) => {
    const photo = testPhoto(width, height);
    const { labels, found, ...rest } = await segmenter.segment(photo);
    expect(rest).toMatchObject({ width, height, networkSize: { width, height }, classes: model.classes });
    expect(labels.length).toBe(width * height);
    expect(Math.max(...labels)).toBeLessThan(model.classes.length);
    expect(found.reduce((sum, { pixels }) => sum + pixels, 0)).toBe(width * height);
    expect(
      found.every(({ pixels, label }) => pixels === labels.filter((value) => value === label).length),
    ).toBe(true);
    expect(found.map(({ pixels }) => pixels)).toEqual(
      found.map(({ pixels }) => pixels).sort((a, b) => b - a),
    );
  });

  it("gives raw scores at a quarter of the size, whose upsampled maximum is the label", async () => {
    const photo = testPhoto(64, 48);
    const { labels, scores } = await segmenter.segment(photo, { scores: true });
    const { data = [], shape } = scores ?? {};
    expect(shape).toEqual([1, 11, 12, 16]);
    const plain = await segmenter.segment(photo);
    expect(plain.scores).toBeUndefined();
    expect(plain.labels).toEqual(labels);
    // The corner pixel lies outside the outermost centres, so its scores are those of the corner cell.
    const corner = Array.from({ length: 11 }, (_, label) => data[label * 12 * 16] ?? 0);
    expect(labels[0]).toBe(corner.indexOf(Math.max(...corner)));
  });

  it("tells its confidence on request, between chance and certainty, and not otherwise", async () => {
    const photo = testPhoto(40, 40);
    const sure = await segmenter.segment(photo, { confidence: true });
    for (const { confidence = Number.NaN } of sure.found) {
      expect(confidence).toBeGreaterThanOrEqual(1 / 11);
      expect(confidence).toBeLessThanOrEqual(1);
    }
    const plain = await segmenter.segment(photo);
    expect(plain.found.every((share) => !("confidence" in share))).toBe(true);
    expect(plain.labels).toEqual(sure.labels);
  });

  it("makes labels, soft masks and confidences of the scores as they were adjusted", async () => {
    await using own = new Segmenter(model, platform);
    const adjusted = await own.segment(testPhoto(12, 8), {
      // Class 3 becomes certain.
      adjustScores: ({ data, shape }) => ({
        data: Float32Array.from(data, (score, at) => score + (Math.floor(at / 6) === 3 ? 1e4 : 0)),
        shape,
      }),
      softMask: [model.classes[3] ?? ""],
      meanConfidence: true,
    });
    expect(adjusted.labels).toEqual(new Uint8Array(96).fill(3));
    expect(adjusted.softMask).toEqual(new Uint8Array(96).fill(255));
    expect(adjusted.meanConfidence).toBe(1);
    expect(adjusted.timing.warmUp).toBe(true);
  });

  it("tries anew to measure confidence where memory did not suffice", async () => {
    const { open, counts } = countingEngine(2);
    await using own = new Segmenter(model, { ...platform, open });
    await expect(own.segment(testPhoto(8, 8), { confidence: true })).rejects.toThrow("std::bad_alloc");
    const { found } = await own.segment(testPhoto(8, 8), { confidence: true });
    expect(found[0]?.confidence).toBeGreaterThan(0);
    expect(counts).toEqual({ opened: 3, held: 2 });
  });

  it("shrinks a photo of more than maxPixels for the network, and enlarges its labels", async () => {
    const small = new Segmenter(model, platform, { maxPixels: 32 * 32 });
    const { width, height, labels, networkSize, found } = await small.segment(testPhoto(128, 64), {
      confidence: true,
    });
    await small.dispose();
    expect([width, height, labels.length]).toEqual([128, 64, 128 * 64]);
    expect(networkSize).toEqual({ width: 45, height: 22 });
    expect(found.every(({ confidence = 2 }) => confidence <= 1)).toBe(true);
  });

  it("answers several photos at once", async () => {
    const results = await Promise.all([8, 16, 24].map((side) => segmenter.segment(testPhoto(side, side))));
    expect(results.map(({ width }) => width)).toEqual([8, 16, 24]);
  });

  it("gives the same with several networks side by side", async () => {
    const open = sideBySide(openNodeSession, 2);
    await using several = new Segmenter(model, { ...platform, open }, { threads: 1 });
    expect([segmenter.concurrency, several.concurrency]).toEqual([1, 2]);
    const photos = [48, 33, 48, 48, 33].map((side) => testPhoto(side, side));
    const labels = await Promise.all(photos.map(async (photo) => (await several.segment(photo)).labels));
    for (const [index, photo] of photos.entries())
      expect(labels[index]).toEqual((await segmenter.segment(photo)).labels);
  });

  it("renders an indexed PNG with the same labels, and an overlay with room for a legend", async () => {
    const segmentation = await segmenter.segment(testPhoto(64, 48));
    expect(decodeMask(renderLabels(segmentation), "labels").data).toEqual(segmentation.labels);
    const overlay = await decodePhoto(await renderOverlay(segmentation));
    expect(overlay.height).toBeGreaterThan(48);
  });

  it.each([
    ["channels", { width: 2, height: 2, data: new Uint8Array(4) }],
    ["size", { width: 0, height: 2, data: new Uint8Array(0) }],
  ])("refuses raw pixels of the wrong %s", async (_, photo) => {
    await expect(segmenter.segment(photo)).rejects.toMatchObject({ code: "INVALID_IMAGE" });
  });

  it("can be disposed of after the engine could not be opened", async () => {
    const open = async () => Promise.reject(new Error("no engine"));
    const broken = new Segmenter(model, { ...platform, open });
    await expect(broken.segment(testPhoto(8, 8))).rejects.toThrow("no engine");
    await broken.dispose();
  });

  it("finishes what was asked for before it is disposed of, and leaves no session", async () => {
    let open = 0;
    const counting: OpenSession = async (onnx, options) => {
      const session = await openNodeSession(onnx, options);
      open++;
      const dispose = () => {
        open--;
        return session.dispose();
      };
      return { run: session.run.bind(session), state: session.state.bind(session), dispose };
    };
    const slowly = async () => {
      await setTimeout(50);
      return testPhoto(8, 8);
    };
    const busy = new Segmenter(model, { open: counting, decodePhoto: slowly });
    const call = busy.segment("photo.jpg", { confidence: true });
    await Promise.all([busy.dispose(), busy.dispose()]);
    const { found } = await call;
    expect(found[0]?.confidence).toBeGreaterThan(0);
    expect(open).toBe(0);
  });

  it("fails after dispose", async () => {
    const gone = new Segmenter(model, platform);
    await gone.segment(testPhoto(8, 8));
    await gone.dispose();
    await gone.dispose();
    await expect(gone.segment(testPhoto(8, 8))).rejects.toMatchObject({ code: "RUNTIME" });
  });
});
