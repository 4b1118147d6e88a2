import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Segmenter } from "../../src/inference/node/node-segmenter.ts";
import { createPredictor } from "../../src/inference/predictor.ts";
import { isQuantized } from "../../src/model-files/model.ts";
import { loadModel, loadRunnableModel } from "../../src/model-files/node/load.ts";
import { quantizeModel } from "../../src/quantization/quantize-model.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import { relativeError } from "../support/array.ts";
import { lightsegError } from "../support/errors.ts";
import { randomModel, testPhoto } from "../support/model.ts";
import { countOptimizedNodes } from "../support/optimized-graph.ts";

const model = randomModel();
const photo = testPhoto(64, 48);
const open = openNodeSession;
let bytes: Uint8Array = new Uint8Array();
let folder = "";
let path = "";

beforeAll(async () => {
  bytes = await quantizeModel({ model, calibration: [photo], open, threads: 1 });
  folder = await mkdtemp(join(tmpdir(), "lightseg-quantize-"));
  path = join(folder, "model.int8.onnx");
  await writeFile(path, bytes);
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

describe("quantizeModel", { timeout: 120_000 }, () => {
  it("leaves nothing in float but the scores: ONNX Runtime runs integer kernels only", async () => {
    const counts = await countOptimizedNodes(bytes);
    const { QLinearConv = 0, QLinearAdd = 0, NhwcMaxPool = 0, Resize = 0 } = counts;
    // Convolutions: 1 + 17 blocks of 3, 6 taps, 4 x 4 in the pooling chains, 3 before resizing, the
    // classifier, less 1 merged from the last block and its tap. Sums: 10 blocks, 16 in the chains, 5 of taps
    // and coarser levels. Each pooling goes by rows and by columns.
    expect({ QLinearConv, QLinearAdd, NhwcMaxPool, Resize }).toEqual({
      QLinearConv: 77,
      QLinearAdd: 31,
      NhwcMaxPool: 32,
      Resize: 3,
    });
    const float = ["Conv", "FusedConv", "Clip", "Relu", "Add", "MaxPool"].filter((type) => type in counts);
    expect(float).toEqual([]);
    expect([counts.QuantizeLinear, counts.DequantizeLinear]).toEqual([undefined, 1]);
  });

  it("takes a quarter of the size", () => {
    const parameters = [...model.weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(bytes.length).toBeLessThan(1.15 * parameters);
  });

  it("gives nearly the scores of the model, at a size that it was not calibrated on", async () => {
    const other = testPhoto(51, 37);
    const scoresOf = async (runnable: Parameters<typeof createPredictor>[0]) => {
      const predictor = createPredictor(runnable, { open, threads: 1 });
      try {
        return await predictor.predict(other);
      } finally {
        await predictor.dispose();
      }
    };
    const expected = await scoresOf(model);
    const actual = await scoresOf({ ...model, onnx: bytes });
    expect(actual.shape).toEqual(expected.shape);
    expect(relativeError(actual.data, expected.data)).toBeLessThan(0.2);
  });

  it("needs a photo", async () => {
    const rule = "calibration must be one or more photos";
    await expect(quantizeModel({ model, calibration: [], open })).rejects.toThrow(rule);
  });

  it("refuses what is no photo", async () => {
    const rgba = { width: 2, height: 2, data: new Uint8Array(16) };
    const quantizing = quantizeModel({ model, calibration: [photo, rgba], open });
    await expect(quantizing).rejects.toMatchObject({ code: "INVALID_IMAGE" });
  });

  it("stops when asked to", async () => {
    const stop = new AbortController();
    const running = quantizeModel({
      model,
      calibration: [photo, photo],
      open,
      threads: 1,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("a quantized file", { timeout: 120_000 }, () => {
  it("is a model to segment with", async () => {
    await using segmenter = await Segmenter.load(path, { threads: 1 });
    expect(segmenter.model.classes).toEqual(model.classes);
    const { labels, found, scores } = await segmenter.segment(photo, { confidence: true, scores: true });
    expect(labels).toHaveLength(64 * 48);
    expect(scores?.shape).toEqual([1, 11, 12, 16]);
    expect(found.reduce((sum, { pixels }) => sum + pixels, 0)).toBe(64 * 48);
    for (const { confidence = 0 } of found) {
      expect(confidence).toBeGreaterThanOrEqual(1 / 11);
      expect(confidence).toBeLessThanOrEqual(1);
    }
  });

  it("says what it is, and has no weights to give", async () => {
    expect(isQuantized((await loadRunnableModel({ model: path })).model)).toBe(true);
    await expect(loadModel({ model: path })).rejects.toThrow(lightsegError("INVALID_WEIGHTS", "loadModel"));
    await expect(loadRunnableModel({ model: path, classes: 3 })).rejects.toThrow("is quantized");
  });
});
