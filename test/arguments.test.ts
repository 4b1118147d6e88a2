import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "../src/datasets/dataset.ts";
import * as lightseg from "../src/index.ts";
import { Segmenter } from "../src/inference/segmenter.ts";
import type { OpenSession } from "../src/runtime/session.ts";
import { failureOf } from "./support/errors.ts";
import { randomModel, testPhoto } from "./support/model.ts";

const model = randomModel();
const photo = testPhoto(8, 8);
const labels = { width: 8, height: 8, data: new Uint8Array(64) };
const palette = lightseg.vocPalette(2);
const weights = new Map();
const predict = async () => labels;
const dataset: Dataset = {
  ...{ name: "own", split: "train", size: 1, ids: ["a"] },
  labels: { classes: ["a", "b"], palette, ignoreLabel: 255 },
  load: async () => ({ id: "a", photo, labels }),
};
const open: OpenSession = async () => {
  throw new Error("nothing is to be run");
};
const segmenter = new Segmenter(model, { open, decodePhoto: lightseg.decodePhoto });
const predictor = lightseg.createPredictor(model, { open });
const segmentation = { ...labels, labels: labels.data, photo, palette, found: [] };
async function* frames() {
  yield { ...photo, timestamp: 0 };
}
const typo = { misspelt: true };

/** Calls a function as JavaScript may; of a generator, the first step. */
async function call(action: unknown, ...given: unknown[]): Promise<unknown> {
  if (typeof action !== "function") throw new Error("there is no such function");
  const result: unknown = await Reflect.apply(action, segmenter, given);
  const isGenerator = typeof result === "object" && result !== null && Symbol.asyncIterator in result;
  if (!isGenerator || !("next" in result) || typeof result.next !== "function") return result;
  return call(result.next.bind(result));
}

const construct =
  (made: new (...given: never[]) => object) =>
  (...given: unknown[]) =>
    Reflect.construct(made, given);

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lightseg-arguments-"));
});
afterAll(() => rm(folder, { recursive: true }));
const file = (name: string) => join(folder, name);

/** Public functions with options: the function, the name in its errors, and what it is called with. */
const withOptions: readonly [unknown, string, (options: object) => unknown[]][] = [
  [lightseg.benchmark, "benchmark", (options) => [predictor, options]],
  [lightseg.buildNetwork, "buildNetwork", (options) => [options]],
  [lightseg.cancelBatch, "cancelBatch", (options) => [options]],
  [lightseg.checkDataset, "checkDataset", (options) => [dataset, options]],
  [lightseg.checkExport, "checkExport", (options) => [new Uint8Array(1), model, options]],
  [lightseg.convertWeights, "convertWeights", (options) => [file("a.pth"), file("b.pth"), options]],
  [lightseg.countCost, "countCost", (options) => [options]],
  [lightseg.createAveragingPredictor, "createAveragingPredictor", (options) => [model, options]],
  [lightseg.createPredictor, "createPredictor", (options) => [model, options]],
  [lightseg.createVideoWriter, "createVideoWriter", (options) => [file("a.mp4"), options]],
  [lightseg.decodePhoto, "decodePhoto", (options) => [file("a.png"), options]],
  [lightseg.drawOverlay, "drawOverlay", (options) => [photo, labels, palette, options]],
  [lightseg.evaluate, "evaluate", (options) => [dataset, { predict, ...options }]],
  [lightseg.exportOnnx, "exportOnnx", (options) => [model, options]],
  [lightseg.finetuneSettings, "finetuneSettings", (options) => [{ data: folder, ...options }]],
  [lightseg.fineTune, "fineTune", (options) => [options]],
  [lightseg.loadModel, "loadModel", (options) => [options]],
  [lightseg.loadRunnableModel, "loadRunnableModel", (options) => [options]],
  [lightseg.openNodeSession, "openSession", (options) => [new Uint8Array(1), options]],
  [lightseg.quantizeModel, "quantizeModel", (options) => [options]],
  [lightseg.readBatchStatus, "readBatchStatus", (options) => [options]],
  [lightseg.readRun, "readRun", (options) => [folder, options]],
  [lightseg.readWeights, "readWeights", (options) => [file("a.pth"), options]],
  [lightseg.renderOverlay, "drawOverlay", (options) => [segmentation, options]],
  [lightseg.renderSamplesPage, "renderSamplesPage", (options) => [options]],
  [lightseg.runBatch, "runBatch", (options) => [{ source: folder, out: file("out"), ...options }]],
  [lightseg.segmentFrames, "segmentFrames", (options) => [segmenter, frames(), options]],
  [lightseg.submitBatch, "submitBatch", (options) => [options]],
  [lightseg.train, "train", (options) => [{ run: file("run"), ...options }]],
  [lightseg.watchBatch, "watchBatch", (options) => [options]],
  [lightseg.workOnBatches, "workOnBatches", (options) => [options]],
  [lightseg.writeSafetensors, "writeSafetensors", (options) => [file("a.safetensors"), weights, options]],
  [lightseg.writeWeights, "writeWeights", (options) => [file("a.pth"), weights, options]],
];

const withoutOptions = [
  ...["addLegend", "averageWeights", "computeMetrics", "decodeMask", "describeMatch", "encodeIndexedPng"],
  ...["encodePng", "evaluateBatch", "findDataset", "findDevice", "findSharedIds", "listShippedModels"],
  ...["matchWeights", "openVideo", "predictLabels", "predictWithConfidence", "renderComparison"],
  ...["renderLabels", "renderReport", "summarizeRun", "vocPalette", "writeComparison", "writeReport"],
];

describe("a misspelt option is refused", () => {
  it.each(withOptions.map(([action, where, given]) => [where, action, given] as const))(
    "by %s",
    async (where, action, given) => {
      const error = await failureOf(call(action, ...given(typo)));
      expect(error.code).toBe("INVALID_ARGUMENT");
      expect(error.message).toMatch(new RegExp(`^${where}: option must be one of .*, got "misspelt"$`));
    },
  );

  it.each<[string, unknown, unknown[]]>([
    ["Segmenter.load", lightseg.Segmenter.load, ["voc", typo]],
    ["segment", segmenter.segment, [photo, typo]],
    ["BoundaryScore", construct(lightseg.BoundaryScore), [2, typo]],
    ["BoundaryScore", lightseg.evaluate, [dataset, { predict, boundary: typo }]],
    ["checkExport", lightseg.checkExport, [new Uint8Array(1), model, { exported: typo, photo }]],
    ["convertWeights", lightseg.convertWeights, [file("a.pth"), "b.pth", { select: typo }]],
    ["open", lightseg.findDataset("camvid").open, ["camvid", "train", typo]],
    ["open", lightseg.findDataset("custom").open, ["garden", "train", typo]],
  ])("by %s, of a class or within an option", async (where, action, given) => {
    const error = await failureOf(call(action, ...given));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toMatch(new RegExp(`^${where}: option must be .*, got "misspelt"$`));
  });

  it("by train, before settings that are missing", async () => {
    const error = await failureOf(call(lightseg.train, { run: file("run"), config: typo }));
    expect(error.message).toBe("train: misspelt is not a setting");
  });

  it("by all functions that have options", () => {
    const known = new Set<unknown>(withOptions.map(([action]) => action));
    const others = Object.entries(lightseg).flatMap(([name, value]) =>
      typeof value === "function" && /^[a-z]/.test(name) && !known.has(value) ? [name] : [],
    );
    expect(others.sort()).toEqual(withoutOptions.sort());
  });
});

describe("options that are no object are refused", () => {
  it.each(withOptions.map(([action, where, given]) => [where, action, given] as const))(
    "by %s",
    async (where, action, given) => {
      const error = await failureOf(call(action, ...given({}).slice(0, -1), null));
      expect(error.code).toBe("INVALID_ARGUMENT");
      expect(error.message).toBe(`${where}: options must be an object, got null`);
    },
  );
});

describe("a wrong argument is refused", () => {
  const asModel = "model must be a model, as loadModel gives, got 5";
  const asFloatModel = "model must be a model with weights, as loadModel gives, got 5";
  const asPredictor = "predictor must be what createPredictor gives, got 5";
  const asDataset = "dataset must be what open of a data set gives, got 5";
  const asSegmentation = "segmentation must be what segment gives, got 5";
  const asRun = "run must be what readRun gives, got 5";
  const asFolder = "must be the path of a folder, got 5";
  const asAddress = "must be a path or an address, got 5";
  const asPhoto = "photo must have width, height and data, got 5";
  const asMap = "must be a Map of tensors by name, got 5";
  it.each<[string, unknown, unknown[]]>([
    [`benchmark: ${asPredictor}`, lightseg.benchmark, [5]],
    ["benchmark: size must be [height, width], got 5", lightseg.benchmark, [predictor, { size: 5 }]],
    ["countCost: size must be [height, width], got 5", lightseg.countCost, [{ size: 5 }]],
    [`evaluateBatch: out ${asAddress}`, lightseg.evaluateBatch, [5]],
    [`runBatch: source ${asAddress}`, lightseg.runBatch, [{ source: 5, out: "out" }]],
    [`runBatch: out ${asAddress}`, lightseg.runBatch, [{ source: "photos", out: 5 }]],
    [`checkDataset: ${asDataset}`, lightseg.checkDataset, [5]],
    [`findSharedIds: ${asDataset}`, lightseg.findSharedIds, [[5]]],
    ["findSharedIds: datasets must be an array, got 5", lightseg.findSharedIds, [5]],
    [`open: directory ${asFolder}`, lightseg.findDataset("voc").open, [5, "train"]],
    [
      "renderSamplesPage: splits must be an array, got 5",
      lightseg.renderSamplesPage,
      [{ name: "a", splits: 5, shared: [], samples: 1 }],
    ],
    [`evaluate: ${asDataset}`, lightseg.evaluate, [5, { predict }]],
    ["evaluate: options must be an object, got 5", lightseg.evaluate, [dataset, 5]],
    ["evaluate: predict must be a function, got 5", lightseg.evaluate, [dataset, { predict: 5 }]],
    ["computeMetrics: matrix must be a ConfusionMatrix, got 5", lightseg.computeMetrics, [5]],
    [`exportOnnx: ${asFloatModel}`, lightseg.exportOnnx, [5]],
    [`checkExport: ${asFloatModel}`, lightseg.checkExport, [new Uint8Array(1), 5]],
    ["checkExport: bytes must be a Uint8Array, got 5", lightseg.checkExport, [5]],
    [`createPredictor: ${asModel}`, lightseg.createPredictor, [5]],
    [`createAveragingPredictor: ${asModel}`, lightseg.createAveragingPredictor, [5]],
    [`quantizeModel: ${asFloatModel}`, lightseg.quantizeModel, [{ model: 5 }]],
    [
      "quantizeModel: calibration must be one or more photos, got 5",
      lightseg.quantizeModel,
      [{ model, calibration: 5 }],
    ],
    ["openSession: model must be the bytes of an ONNX model, got 5", lightseg.openNodeSession, [5]],
    [`predictLabels: ${asPredictor}`, lightseg.predictLabels, [5]],
    [`predictWithConfidence: ${asPredictor}`, lightseg.predictWithConfidence, [5]],
    [`encodePng: ${asPhoto}`, lightseg.encodePng, [5]],
    [`drawOverlay: ${asPhoto}`, lightseg.drawOverlay, [5, labels, palette]],
    [
      "drawOverlay: palette must be at most 256 colors [red, green, blue] of 0 to 255",
      lightseg.drawOverlay,
      [photo, labels, 5],
    ],
    ["addLegend: entries must be an array, got 5", lightseg.addLegend, [photo, 5]],
    ["decodeMask: a.png: mask must be the bytes of a PNG, got 5", lightseg.decodeMask, [5, "a.png"]],
    [`renderLabels: ${asSegmentation}`, lightseg.renderLabels, [5]],
    [`renderOverlay: ${asSegmentation}`, lightseg.renderOverlay, [5]],
    [`renderReport: ${asRun}`, lightseg.renderReport, [5]],
    [`summarizeRun: ${asRun}`, lightseg.summarizeRun, [5]],
    [`renderComparison: ${asRun}`, lightseg.renderComparison, [[5]]],
    ["renderComparison: runs must be an array, got 5", lightseg.renderComparison, [5]],
    ["writeComparison: folders must be an array, got 5", lightseg.writeComparison, [5, "a.html"]],
    ["writeComparison: path must be a path, got 5", lightseg.writeComparison, [[], 5]],
    [`writeReport: folder ${asFolder}`, lightseg.writeReport, [5]],
    [`readRun: path ${asFolder}`, lightseg.readRun, [5]],
    [`train: run ${asFolder}`, lightseg.train, [{ run: 5 }]],
    ["train: options must be an object, got 5", lightseg.train, [5]],
    [`finetuneSettings: data ${asFolder}`, lightseg.finetuneSettings, [{ data: 5 }]],
    [
      "openVideo: path must be a path or a file URL, got 5 (download a clip of the web first)",
      lightseg.openVideo,
      [5],
    ],
    ["createVideoWriter: path must be a path, got 5", lightseg.createVideoWriter, [5]],
    ["segmentFrames: segmenter must be what Segmenter.load gives, got 5", lightseg.segmentFrames, [5]],
    [
      "segmentFrames: frames must be an async iterable, as openVideo has, got 5",
      lightseg.segmentFrames,
      [segmenter, 5],
    ],
    [`averageWeights: weights ${asMap}`, lightseg.averageWeights, [5, weights, "a"]],
    [`averageWeights: others ${asMap}`, lightseg.averageWeights, [weights, 5, "a"]],
    ["readWeights: path must be a path, got 5", lightseg.readWeights, [5]],
    ["readWeights: path must be a path, got 5", lightseg.convertWeights, [5, "a.pth"]],
    ["writeSafetensors: path must be a path, got 5", lightseg.writeSafetensors, [5, weights]],
    [`writeSafetensors: weights ${asMap}`, lightseg.writeSafetensors, ["a.safetensors", 5]],
    [`writeWeights: weights ${asMap}`, lightseg.writeWeights, ["a.pth", 5]],
  ])("%s", async (message, action, given) => {
    const error = await failureOf(call(action, ...given));
    expect(error.code).toMatch(/^INVALID_(ARGUMENT|IMAGE)$/);
    expect(error.message).toBe(message);
  });

  it("with a hint where a promise was not awaited", async () => {
    const error = await failureOf(call(lightseg.exportOnnx, Promise.resolve(model)));
    expect(error.message).toMatch(/as loadModel gives, got Promise \(await it\)$/);
  });
});

describe("segment", () => {
  const others = "(or be a path, a file URL, or the bytes of a file as a Uint8Array)";
  it.each<[string, unknown, string]>([
    ["a number", 5, `photo must have width, height and data, got 5 ${others}`],
    ["nothing", undefined, `photo must have width, height and data ${others}`],
    ["null", null, `photo must have width, height and data, got null ${others}`],
    ["a Blob", new Blob([]), `photo must have width, height and data, got Blob ${others}`],
    [
      "an ArrayBuffer",
      new ArrayBuffer(1),
      `photo must have width, height and data, got ArrayBuffer ${others}`,
    ],
    ["another object", { path: "a" }, `photo must have width, height and data, got {path} ${others}`],
    ["a size alone", { width: 8, height: 8 }, "photo.data must be a Uint8Array"],
    ["numbers", { ...photo, data: [1, 2] }, "photo.data must be a Uint8Array, got [1, 2]"],
  ])("refuses %s", async (_, source, message) => {
    const error = await failureOf(call(segmenter.segment, source));
    expect(error.code).toBe("INVALID_IMAGE");
    expect(error.message).toBe(`segment: ${message}`);
  });

  it.each([
    "https://example.com/a.jpg",
    new URL("https://example.com/a.jpg"),
    "data:image/png;base64,AAAA",
    "file://host/a.jpg",
  ])("refuses %s, which is no file", async (address) => {
    const error = await failureOf(segmenter.segment(address));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toBe(
      `decodePhoto: source must be a path or a file URL, got ${JSON.stringify(String(address))} (or be the ` +
        "bytes of a file, such as new Uint8Array(await (await fetch(address)).arrayBuffer()))",
    );
  });
});

describe("fineTune", () => {
  it("refuses a picture that is none, in samples and previews", async () => {
    const classes = [{ name: "a" }, { name: "b" }];
    const own = { picture: photo, labels: { ...labels, data: labels.data.map((_, place) => place % 2) } };
    for (const wrong of [{ samples: [{ picture: 5, labels }] }, { samples: [own], previews: [5] }]) {
      const error = await failureOf(call(lightseg.fineTune, { classes, device: "cpu", ...wrong }));
      expect(error.message).toMatch(/^fineTune: photo must have width, height and data, got 5 /);
    }
  });
});
