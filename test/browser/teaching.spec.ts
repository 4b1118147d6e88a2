import { existsSync } from "node:fs";
import { join } from "node:path";
import { equals, fromBinary } from "@bufbuild/protobuf";
import type { Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { exportOnnx } from "../../src/export/onnx.ts";
import { ModelProtoSchema } from "../../src/graph/onnx/onnx_pb.ts";
import { Segmenter } from "../../src/inference/node/node-segmenter.ts";
import { decodeModel } from "../../src/model-files/decode.ts";
import type { ModelDescription } from "../../src/model-files/model.ts";
import { fineTune } from "../../src/teaching/node/fine-tune.ts";
import type { Layers } from "../../src/teaching/options.ts";
import { landscape, strokedLandscape } from "../support/landscape.ts";
import { measure, strokedFrames, taughtClasses } from "../support/teach-camvid.ts";
import { callPage, missingBrowser, openPage, sendable } from "./browser.ts";
import { useBrowser } from "./use-browser.ts";

const CAMVID = join(import.meta.dirname, "../../../shared/data/camvid");

interface Taught {
  readonly losses: readonly number[];
  readonly turns: readonly number[];
  readonly notes: readonly string[];
  readonly models: number;
  readonly previews: readonly string[];
  readonly model: string;
  readonly description: ModelDescription;
}

const classes = [{ name: "sky", color: [0, 0, 255] as const }, { name: "grass" }];
const samples = [strokedLandscape(20), strokedLandscape(44)];
const sent = samples.map(({ picture, labels }) => ({ picture: sendable(picture), labels: sendable(labels) }));

function unpack(labels: string): Uint8Array {
  return new Uint8Array(Buffer.from(labels, "base64"));
}

describe.skipIf(missingBrowser)(`teaching in a browser ${missingBrowser ?? ""}`, () => {
  const shared = useBrowser();
  let page: Page;

  beforeEach(async () => {
    page = await openPage(shared);
  });
  afterEach(() => page.context().close());

  /** Losses of the same training in the page and in Node; what Node taught. */
  async function teachBoth(device: string, steps: number, layers: Layers = "head") {
    const same = { classes, steps, layers };
    const inPage = await callPage<Taught>(page, "teach", sent, { ...same, device, modelEvery: 5 });
    const losses: number[] = [];
    const previews: Uint8Array[] = [];
    const inNode = await fineTune({
      ...{ ...same, samples, device: "cpu", threads: 1, modelEvery: 5 },
      previews: samples.slice(0, 1).map(({ picture }) => picture),
      onProgress: ({ loss }) => void losses.push(loss),
      onPreview: ([first]) => void (first && previews.push(first.data)),
    });
    expect(inPage.losses).toHaveLength(steps);
    for (const [step, loss] of losses.entries())
      expect(Math.abs((inPage.losses[step] ?? Number.NaN) - loss), `step ${step}`).toBeLessThan(1e-3);
    expect(inPage.previews).toHaveLength(Math.ceil(steps / 5));
    expect(previews).toHaveLength(Math.ceil(steps / 5));
    for (const [index, labels] of previews.entries()) {
      const found = unpack(inPage.previews[index] ?? "");
      const same = labels.filter((label, pixel) => label === found[pixel]).length;
      expect(same / labels.length, `preview ${index}`).toBeGreaterThan(0.98);
    }
    return { inPage, inNode };
  }

  it("has the losses and the labels of Node", async () => {
    const { inPage, inNode } = await teachBoth("wasm", 12);
    expect(inPage.models).toBe(2);
    expect(inPage.description).toEqual(inNode.description);
    const { photo, truth } = landscape(30, 2);
    const { labels } = await callPage<{ labels: string }>(page, "segmentTaught", sendable(photo), "wasm");
    const found = unpack(labels);
    expect(truth.filter((label, pixel) => found[pixel] === label).length / truth.length).toBeGreaterThan(0.9);
    // The file is one like any other.
    await using segmenter = await Segmenter.load(new Blob([unpack(inPage.model).slice()]), { device: "cpu" });
    const same = (await segmenter.segment(photo)).labels.filter((label, pixel) => label === found[pixel]);
    expect(same.length / found.length).toBeGreaterThan(0.995);

    const model = decodeModel(unpack(inPage.model), "taught");
    for (const options of [{}, { size: [96, 128], labels: true, dtype: "fp16" }] as const) {
      const written = unpack(await callPage(page, "exportTaught", options));
      // Fields may be in another order.
      const [own, others] = [written, exportOnnx(model, options)].map((bytes) =>
        fromBinary(ModelProtoSchema, bytes),
      );
      expect(own && others && equals(ModelProtoSchema, own, others), JSON.stringify(options)).toBe(true);
    }
  });

  it.each<[string, object, string, string]>([
    ["an encoder alone", {}, "imagenet", "must be a model of the manifest"],
    ["an unknown option", { opset: 9 }, "voc", "exportOnnx: option must be one of size, "],
    ["an unknown type", { dtype: "int8" }, "voc", "dtype must be one of fp32, fp16"],
  ])("writes no ONNX for %s", async (_, options, model, message) => {
    await expect(callPage(page, "exportTaught", options, model)).rejects.toThrow(message);
  });

  it.each(["decoder", "all"] as const)("has the losses of Node when it trains %s", async (layers) => {
    await teachBoth("wasm", 3, layers);
  });

  it("has the losses of Node on WebGPU", async () => {
    await teachBoth("webgpu", 3);
  });

  it("leaves the page's thread free", async () => {
    const { turns, notes } = await callPage<Taught>(page, "teach", sent, { classes, steps: 30 });
    // The first step waits for the downloads; a page that trains by itself has no turn within a step.
    const middle = turns.slice(1).toSorted((a, b) => a - b)[15];
    expect(middle).toBeGreaterThanOrEqual(1);
    expect(notes.join()).toContain("WebAssembly, since WebGPU does not work here: ");
  });

  it("holds no more after ten rounds, and leaves no worker", async () => {
    const browser = await page.context().newCDPSession(page);
    const measureHeap = async () => {
      await browser.send("HeapProfiler.collectGarbage");
      return (await browser.send("Runtime.getHeapUsage")).usedSize;
    };
    const teach = () => callPage(page, "teach", sent, { classes, steps: 1, device: "wasm" });
    for (let round = 0; round < 2; round++) await teach();
    const early = await measureHeap();
    for (let round = 2; round < 10; round++) await teach();
    const late = await measureHeap();
    console.info(
      `heap of ${(early / 1e6).toFixed(1)} and ${(late / 1e6).toFixed(1)} MB after 2 and 10 rounds`,
    );
    expect(early).toBeGreaterThan(1e5);
    expect(late - early).toBeLessThan(1e6);
    await expect.poll(() => page.workers().length).toBe(0);
  });

  it.each<[string, object, string]>([
    ["a class without strokes", { classes: [...classes, { name: "sea" }] }, "labelled pixels of each class"],
    ["one class", { classes: classes.slice(1) }, "must be 2 to 64 classes"],
    ["a base that is not there", { classes, base: "city" }, "camvid, camvid-ndnet45, imagenet"],
    ["an option that there is not", { classes, epochs: 3 }, "epochs"],
    ["a signal", { classes, device: "wasm", abortAt: 2 }, "enough"],
    ["a callback that throws", { classes, device: "wasm", throwAt: 2 }, "the page's own"],
  ])("ends with %s", async (_, options, message) => {
    await expect(callPage(page, "teach", sent, options)).rejects.toThrow(message);
  });

  it.skipIf(!existsSync(CAMVID))("finds six classes of CamVid as in Node", async () => {
    const frames = await strokedFrames(CAMVID, 3, 1);
    const start = performance.now();
    await callPage(
      page,
      "teach",
      frames.map(({ photo, labels }) => ({ picture: sendable(photo), labels: sendable(labels) })),
      { classes: Object.keys(taughtClasses).map((name) => ({ name })), device: "wasm" },
    );
    const seconds = (performance.now() - start) / 1000;
    const { miou } = await measure(CAMVID, async (photo) =>
      unpack((await callPage<{ labels: string }>(page, "segmentTaught", sendable(photo), "wasm")).labels),
    );
    console.info(`mean IoU ${(100 * miou).toFixed(1)} after ${seconds.toFixed(1)} s`);
    expect(miou).toBeGreaterThan(0.6);
  });
});
