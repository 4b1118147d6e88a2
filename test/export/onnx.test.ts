import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { checkExport, defaultTolerances } from "../../src/export/check.ts";
import { type ExportOptions, exportOnnx } from "../../src/export/onnx.ts";
import { ModelProtoSchema, TensorProto_DataType } from "../../src/graph/onnx/onnx_pb.ts";
import { Segmenter } from "../../src/inference/segmenter.ts";
import { normalizeInto } from "../../src/models/preprocessing.ts";
import { openNodeSession } from "../../src/runtime/node.ts";
import { decodeOnnxWeights } from "../../src/weights/onnx.ts";
import { lightsegError } from "../support/errors.ts";
import { randomModel, testPhoto } from "../support/model.ts";
import { expectSameBits } from "../support/weights.ts";

const model = randomModel();
const photo = testPhoto(75, 53);

function imageOf({ width, height, data }: typeof photo) {
  const image = new Float32Array(3 * width * height);
  normalizeInto({ width, height, data }, model.preprocessing, image, 0);
  return { data: image, dims: [1, 3, height, width] };
}

async function run(bytes: Uint8Array) {
  const session = await openNodeSession(bytes);
  try {
    return await session.run({ image: imageOf(photo) });
  } finally {
    await session.dispose();
  }
}

describe("exportOnnx", () => {
  const parse = (options?: ExportOptions) => fromBinary(ModelProtoSchema, exportOnnx(model, options));

  it("states opset, producer, symbolic sizes and what the model is", () => {
    const proto = parse({ labels: true, scores: true, version: "1.2.3" });
    expect(proto.opsetImport).toMatchObject([{ domain: "", version: 17n }]);
    expect([proto.producerName, proto.producerVersion]).toEqual(["lightseg", "1.2.3"]);
    const shapes = [...(proto.graph?.input ?? []), ...(proto.graph?.output ?? [])].map(({ name, type }) => {
      const dims = type?.value.case === "tensorType" ? (type.value.value.shape?.dim ?? []) : [];
      return [
        name,
        ...dims.map(({ value }) => (value.case === "dimValue" ? Number(value.value) : value.value)),
      ];
    });
    expect(shapes).toEqual([
      ["image", "N", 3, "H", "W"],
      ["scores", "N", 11, "floor((floor((H+1)/2)+1)/2)", "floor((floor((W+1)/2)+1)/2)"],
      ["labels", "N", "H", "W"],
    ]);
    const metadata = Object.fromEntries(proto.metadataProps.map(({ key, value }) => [key, value]));
    expect(JSON.parse(metadata.classes ?? "")).toEqual(model.classes);
    expect(JSON.parse(metadata.preprocessing ?? "")).toEqual({
      ...model.preprocessing,
      channels: "RGB",
      layout: "NCHW",
    });
    expect(JSON.parse(metadata.lightseg ?? "")).toMatchObject({
      network: model.network,
      palette: model.palette,
    });
  });

  it("keeps weights under the authors' names, bit for bit, and batch norm as it is", () => {
    const bytes = exportOnnx(model);
    const { weights, metadata } = decodeOnnxWeights(bytes, "x.onnx");
    expectSameBits(weights, model.weights);
    expect(metadata.network).toBe(model.network);
    const types = new Set(fromBinary(ModelProtoSchema, bytes).graph?.node.map(({ opType }) => opType));
    expect(types).toContain("BatchNormalization");
  });

  it("gives the labels that the Segmenter gives, and scores at the photo's size on request", async () => {
    const open = openNodeSession;
    const decodePhoto = () => Promise.reject(new Error("no files here"));
    await using segmenter = new Segmenter(model, { open, decodePhoto });
    const expected = await segmenter.segment(photo, { scores: true });
    const small = await run(exportOnnx(model, { labels: true, scores: true }));
    expect(small.labels?.dims).toEqual([1, 53, 75]);
    expect(Buffer.from(small.labels?.data ?? []).equals(Buffer.from(expected.labels))).toBe(true);
    expect(small.scores?.dims).toEqual(expected.scores?.dims);
    const large = await run(exportOnnx(model, { upsample: true, size: [53, 75] }));
    expect(large.scores?.dims).toEqual([1, 11, 53, 75]);
    expect(large.labels).toBeUndefined();
  });

  it("stores float16 and takes and gives float32", async () => {
    const proto = parse({ dtype: "fp16" });
    const types = new Set(proto.graph?.initializer.map(({ dataType }) => dataType));
    expect(types).not.toContain(TensorProto_DataType.FLOAT);
    expect(types).toContain(TensorProto_DataType.FLOAT16);
    const bytes = exportOnnx(model, { dtype: "fp16", labels: true, scores: true });
    expect(bytes.length).toBeLessThan(0.55 * exportOnnx(model, { labels: true, scores: true }).length);
    const { scores, labels } = await run(bytes);
    expect(scores?.data).toBeInstanceOf(Float32Array);
    expect(labels?.data).toBeInstanceOf(Uint8Array);
  });

  it("names a weight that float16 cannot hold", () => {
    const weights = new Map(model.weights).set("segm.bias", {
      shape: [11],
      data: new Float32Array(11).fill(1e5),
    });
    expect(() => exportOnnx({ ...model, weights }, { dtype: "fp16" })).toThrow(/"segm\.bias".*65520/);
  });
});

describe("checkExport", () => {
  const options = { exported: {}, photo, tolerance: defaultTolerances.fp32, open: openNodeSession };

  it.each<ExportOptions>([
    {},
    { labels: true, scores: true },
    { upsample: true, scores: true },
    { size: [41, 66] },
  ])("finds no drift in %j", async (exported) => {
    const { error = 0, agreement = 1 } = await checkExport(exportOnnx(model, exported), model, {
      ...options,
      exported,
    });
    expect(error).toBeLessThan(1e-5);
    expect(agreement).toBe(1);
  });

  it("measures what float16 loses", async () => {
    const exported = { dtype: "fp16", labels: true, scores: true } as const;
    const bytes = exportOnnx(model, exported);
    const { error = 0 } = await checkExport(bytes, model, {
      ...options,
      exported,
      tolerance: defaultTolerances.fp16,
    });
    expect(error).toBeGreaterThan(1e-6);
    const strict = checkExport(bytes, model, {
      ...options,
      exported,
      tolerance: { error: 1e-7, agreement: 0 },
    });
    await expect(strict).rejects.toThrow(lightsegError("RUNTIME", "export"));
  });

  it("finds a file of other weights, of another size, and one that is damaged", async () => {
    const other = checkExport(exportOnnx(randomModel(2)), model, options);
    await expect(other).rejects.toThrow(/scores must be within 0\.0001/);
    const labels = checkExport(exportOnnx(randomModel(2), { labels: true }), model, options);
    await expect(labels).rejects.toThrow(/labels must agree/);
    const upsampled = checkExport(exportOnnx(model, { upsample: true }), model, options);
    await expect(upsampled).rejects.toThrow(/got "Infinity"/);
    const damaged = checkExport(exportOnnx(model).subarray(0, 1000), model, options);
    await expect(damaged).rejects.toThrow(lightsegError("RUNTIME", "session"));
  });
});
