import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { checkExport, defaultTolerances } from "../../src/export/check.ts";
import { type ExportOptions, exportOnnx } from "../../src/export/onnx.ts";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType,
} from "../../src/graph/onnx/onnx_pb.ts";
import type { Photo } from "../../src/images/types.ts";
import { Segmenter } from "../../src/inference/segmenter.ts";
import { buildNetwork } from "../../src/models/network.ts";
import { normalizeInto } from "../../src/models/preprocessing.ts";
import { openNodeSession } from "../../src/runtime/node/session.ts";
import type { TensorData } from "../../src/runtime/session.ts";
import { decodeOnnxWeights } from "../../src/weights/onnx.ts";
import family from "../fixtures/family.json" with { type: "json" };
import { lightsegError } from "../support/errors.ts";
import { weightsByFormula } from "../support/formula.ts";
import { randomModel, testPhoto } from "../support/model.ts";
import { expectSampled, photoByFormula } from "../support/run-by-formula.ts";
import { expectSameBits } from "../support/weights.ts";

const model = randomModel();
const photo = testPhoto(75, 53);

function imageOf({ width, height, data }: Photo) {
  const image = new Float32Array(3 * width * height);
  normalizeInto({ width, height, data }, model.preprocessing, image, 0);
  return { data: image, shape: [1, 3, height, width] };
}

async function run<Name extends string>(
  bytes: Uint8Array,
  outputs: readonly Name[],
  image: TensorData = imageOf(photo),
) {
  const session = await openNodeSession(bytes);
  try {
    return await session.run({ image }, outputs);
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
      const shape = type?.value.case === "tensorType" ? (type.value.value.shape?.dim ?? []) : [];
      return [
        name,
        ...shape.map(({ value }) => (value.case === "dimValue" ? Number(value.value) : value.value)),
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
    const small = await run(exportOnnx(model, { labels: true, scores: true }), ["scores", "labels"]);
    expect(small.labels.shape).toEqual([1, 53, 75]);
    expect(Buffer.from(small.labels.data).equals(Buffer.from(expected.labels))).toBe(true);
    expect(small.scores.shape).toEqual(expected.scores?.shape);
    const large = await run(exportOnnx(model, { upsample: true, size: [53, 75] }), ["scores"]);
    expect(large.scores.shape).toEqual([1, 11, 53, 75]);
  });

  it("gives PyTorch's scores", async () => {
    const { parameters } = buildNetwork({ network: model.network, classes: 21 });
    const values = weightsByFormula(parameters);
    const weights = new Map(
      [...parameters].map(([name, { shape }]) => [
        name,
        { shape: shape.map(Number), data: values.get(name) ?? new Float32Array() },
      ]),
    );
    const classes = Array.from({ length: 21 }, (_, index) => `class ${index}`);
    const bytes = exportOnnx({ ...model, classes, weights });
    expectSameBits(decodeOnnxWeights(bytes, "x.onnx").weights, weights);
    const expected = family.networks["refinenet-lw-mobilenet-v2"];
    const { scores } = await run(bytes, ["scores"], photoByFormula(expected.input));
    expectSampled(scores, { ...expected, values: expected.scores }, family.every);
  });

  it("stores float16 and takes and gives float32", async () => {
    const proto = parse({ dtype: "fp16" });
    const types = new Set(proto.graph?.initializer.map(({ dataType }) => dataType));
    expect(types).not.toContain(TensorProto_DataType.FLOAT);
    expect(types).toContain(TensorProto_DataType.FLOAT16);
    expect(proto.graph?.node.map(({ opType }) => opType)).not.toContain("BatchNormalization");
    expect(() => decodeOnnxWeights(exportOnnx(model, { dtype: "fp16" }), "x.onnx")).toThrow(
      /batch norm folded in/,
    );
    const bytes = exportOnnx(model, { dtype: "fp16", labels: true, scores: true });
    expect(bytes.length).toBeLessThan(0.55 * exportOnnx(model, { labels: true, scores: true }).length);
    const { scores, labels } = await run(bytes, ["scores", "labels"]);
    expect(scores.data).toBeInstanceOf(Float32Array);
    expect(labels.data).toBeInstanceOf(Uint8Array);
  });

  it("folds batch norm before it rounds to float16: variances may lie where that has no digits", async () => {
    // A variance of 1e-9 is 0 in float16, and one of 1e6 is beyond it; gamma makes up for either.
    const weights = new Map(model.weights);
    for (const [name, { shape, data }] of model.weights) {
      if (!name.endsWith(".running_var")) continue;
      const gammaName = name.replace(".running_var", ".weight");
      const gamma = model.weights.get(gammaName)?.data ?? data;
      const variance = data.map((_, index) => (index % 2 === 0 ? 1e-9 : 1e6));
      const factor = (value: number, index: number) =>
        (value * Math.sqrt((variance[index] ?? 0) + 1e-5)) / Math.sqrt((data[index] ?? 0) + 1e-5);
      weights.set(name, { shape, data: variance });
      weights.set(gammaName, { shape, data: gamma.map(factor) });
    }
    const exported = { dtype: "fp16", labels: true, scores: true } as const;
    const odd = { ...model, weights };
    const tolerance = defaultTolerances.fp16;
    const { error } = await checkExport(exportOnnx(odd, exported), odd, {
      exported,
      photo,
      tolerance,
      open: openNodeSession,
    });
    expect(error).toBeLessThan(5e-3);
  });

  it.each([{ scores: false }, { size: [64.5, 64] }, { size: [0, 64] }] satisfies ExportOptions[])(
    "refuses %o",
    (options) => {
      expect(() => exportOnnx(model, options)).toThrow(lightsegError("INVALID_ARGUMENT", "exportOnnx"));
    },
  );

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
    await expect(strict).rejects.toThrow(lightsegError("RUNTIME", "checkExport"));
  });

  it("finds feature maps that leave the range of float16 on the way to scores that do not", async () => {
    // Within range themselves, and what they give is cut off at 6 right after.
    const name = "layer2.0.output.0.0.weight";
    const shape = model.weights.get(name)?.shape ?? [];
    const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1)).fill(30_000);
    const weights = new Map(model.weights).set(name, { shape, data });
    const exported = { dtype: "fp16" } as const;
    const tolerance = { error: 1, agreement: 0 };
    const large = { ...model, weights };
    const checked = checkExport(exportOnnx(large, exported), large, { ...options, exported, tolerance });
    await expect(checked).rejects.toThrow(
      /convolution at layer2\.0\.output\.0\.0\.weight.* must give values within ±65504 for fp16/,
    );
  });

  it("finds a batch whose photos are mixed up", async () => {
    const proto = fromBinary(ModelProtoSchema, exportOnnx(model));
    const { graph } = proto;
    // Each photo gets the mean over the batch, in a tensor of the right shape.
    for (const node of graph?.node ?? [])
      node.output = node.output.map((name) => (name === "scores" ? "own" : name));
    const mean = create(NodeProtoSchema, {
      opType: "ReduceMean",
      input: ["own"],
      output: ["mean"],
      attribute: [
        create(AttributeProtoSchema, { name: "axes", type: AttributeProto_AttributeType.INTS, ints: [0n] }),
      ],
    });
    const sum = create(NodeProtoSchema, { opType: "Add", input: ["own", "mean"], output: ["twice"] });
    const less = create(NodeProtoSchema, { opType: "Sub", input: ["twice", "own"], output: ["scores"] });
    graph?.node.push(mean, sum, less);
    const mixed = checkExport(toBinary(ModelProtoSchema, proto), model, options);
    await expect(mixed).rejects.toThrow(/scores must be within 0\.0001/);
  });

  it("finds a file of other weights, of another size, and one that is damaged", async () => {
    const other = checkExport(exportOnnx(randomModel(2)), model, options);
    await expect(other).rejects.toThrow(/scores must be within 0\.0001/);
    const labels = checkExport(exportOnnx(randomModel(2), { labels: true }), model, {
      ...options,
      exported: { labels: true },
    });
    await expect(labels).rejects.toThrow(/labels must agree/);
    const upsampled = checkExport(exportOnnx(model, { upsample: true }), model, options);
    await expect(upsampled).rejects.toThrow(/got "Infinity"/);
    const damaged = checkExport(exportOnnx(model).subarray(0, 1000), model, options);
    await expect(damaged).rejects.toThrow(lightsegError("RUNTIME", "session"));
  });
});
