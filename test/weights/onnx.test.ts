import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import {
  ModelProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
} from "../../src/graph/onnx/onnx_pb.ts";
import { decodeOnnxWeights, isOnnx } from "../../src/weights/onnx.ts";
import { encodeSafetensors } from "../../src/weights/safetensors.ts";
import { encodePytorch } from "../../src/weights/torch-write.ts";

const { FLOAT, FLOAT16, BFLOAT16, DOUBLE, INT64 } = TensorProto_DataType;

/** An ONNX file with these initializers. */
function model(...tensors: Partial<TensorProto>[]): Uint8Array {
  const initializer = tensors.map(({ $typeName: _, $unknown: __, ...fields }) =>
    create(TensorProtoSchema, fields),
  );
  const metadataProps = [{ key: "a", value: "b" }];
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { irVersion: 8n, graph: { name: "g", initializer }, metadataProps }),
  );
}

const bytesOf = (data: ArrayBufferView) => new Uint8Array(data.buffer);
const read = (bytes: Uint8Array) =>
  [...decodeOnnxWeights(bytes, "x.onnx").weights].map(([name, { shape, data }]) => [name, shape, [...data]]);

describe("decodeOnnxWeights", () => {
  it("reads every floating-point type, packed or listed", () => {
    const bytes = model(
      { name: "a", dataType: FLOAT, dims: [2n], rawData: bytesOf(Float32Array.of(1.5, -2)) },
      { name: "b", dataType: FLOAT, dims: [1n, 2n], floatData: [3, 4] },
      { name: "c", dataType: DOUBLE, dims: [1n], rawData: bytesOf(Float64Array.of(0.5)) },
      { name: "d", dataType: DOUBLE, dims: [], doubleData: [7] },
      { name: "e", dataType: FLOAT16, dims: [2n], rawData: bytesOf(Uint16Array.of(0x3c00, 0xc000)) },
      { name: "f", dataType: FLOAT16, dims: [1n], int32Data: [0x3800] },
      { name: "g", dataType: BFLOAT16, dims: [1n], rawData: bytesOf(Uint16Array.of(0x3f80)) },
      { name: "h", dataType: FLOAT, dims: [0n, 3n] },
    );
    expect(read(bytes)).toEqual([
      ["a", [2], [1.5, -2]],
      ["b", [1, 2], [3, 4]],
      ["c", [1], [0.5]],
      ["d", [], [7]],
      ["e", [2], [1, -2]],
      ["f", [1], [0.5]],
      ["g", [1], [1]],
      ["h", [0, 3], []],
    ]);
    expect(decodeOnnxWeights(bytes, "x.onnx").metadata).toEqual({ a: "b" });
  });

  it("leaves out whole numbers and what the exporter made up", () => {
    const bytes = model(
      { name: "shape", dataType: INT64, dims: [1n], rawData: new Uint8Array(8) },
      { name: "%c0", dataType: FLOAT, dims: [1n], rawData: new Uint8Array(4) },
    );
    expect(read(bytes)).toEqual([]);
  });

  it.each<[string, Partial<TensorProto>[], RegExp]>([
    [
      "too few bytes",
      [{ name: "a", dataType: FLOAT, dims: [3n], rawData: new Uint8Array(8) }],
      /must take 12 bytes, got 8/,
    ],
    [
      "too few values",
      [{ name: "a", dataType: FLOAT, dims: [3n], floatData: [1] }],
      /must take 12 bytes, got 4/,
    ],
    [
      "a negative extent",
      [{ name: "a", dataType: FLOAT, dims: [-1n], rawData: new Uint8Array(4) }],
      /non-negative/,
    ],
    ["a huge extent", [{ name: "a", dataType: FLOAT, dims: [2n ** 62n] }], /non-negative/],
    [
      "values that no file holds",
      [{ name: "a", dataType: FLOAT16, dims: [2n ** 40n] }],
      /larger than the file/,
    ],
    [
      "too many dimensions",
      [{ name: "a", dataType: FLOAT, dims: Array(17).fill(1n) }],
      /more than 16 dimensions/,
    ],
    [
      "listed bits of too few values",
      [{ name: "a", dataType: BFLOAT16, dims: [2n], int32Data: [7] }],
      /must take 4 bytes, got 2/,
    ],
    [
      "data elsewhere",
      [{ name: "a", dataType: FLOAT, dims: [1n], dataLocation: TensorProto_DataLocation.EXTERNAL }],
      /beside it/,
    ],
    [
      "a name twice",
      [
        { name: "a", dataType: FLOAT, dims: [0n] },
        { name: "a", dataType: FLOAT, dims: [0n] },
      ],
      /once/,
    ],
  ])("refuses %s", (_case, tensors, message) => {
    expect(() => decodeOnnxWeights(model(...tensors), "x.onnx")).toThrow(message);
    expect(() => decodeOnnxWeights(model(...tensors), "x.onnx")).toThrow(LightsegError);
  });

  it("passes over the nodes, whose objects would take a hundred times their bytes", () => {
    const [NODE, INITIALIZER, GRAPH] = [1, 5, 7];
    const noNode = Uint8Array.of(0xff);
    const weights = toBinary(
      TensorProtoSchema,
      create(TensorProtoSchema, { name: "a", dataType: FLOAT, dims: [1n], floatData: [3] }),
    );
    const message = () => new BinaryWriter();
    const bytesField = (writer: BinaryWriter, field: number, value: Uint8Array) =>
      writer.tag(field, WireType.LengthDelimited).bytes(value);
    const graph = bytesField(bytesField(message(), NODE, noNode), INITIALIZER, weights).finish();
    expect(read(bytesField(message(), GRAPH, graph).finish())).toEqual([["a", [1], [3]]]);
  });

  it("decodes damaged files or says what is wrong, and never does anything else", () => {
    const bytes = model(
      { name: "a", dataType: FLOAT, dims: [4n], rawData: new Uint8Array(16).fill(1) },
      { name: "b", dataType: FLOAT16, dims: [3n], int32Data: [1, 2, 3] },
    );
    expect(fromBinary(ModelProtoSchema, bytes).graph?.initializer.length).toBe(2);
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(bytes.length - 1), to: fc.nat(255) }), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.integer({ min: 1, max: bytes.length }),
        (changes, length) => {
          const damaged = bytes.slice(0, length);
          for (const { at, to } of changes) if (at < length) damaged[at] = to;
          try {
            const { weights } = decodeOnnxWeights(damaged, "x.onnx");
            const values = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
            expect(4 * values).toBeLessThanOrEqual(2 * damaged.length + 2 ** 20);
          } catch (error) {
            if (!(error instanceof LightsegError) || error.code !== "INVALID_WEIGHTS") throw error;
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe("isOnnx", () => {
  it("tells ONNX from the other formats of weights", () => {
    expect(isOnnx(model())).toBe(true);
    const weights = new Map([["a", { shape: [1], data: Float32Array.of(1) }]]);
    expect(isOnnx(encodeSafetensors(weights))).toBe(false);
    expect(isOnnx(encodePytorch(weights))).toBe(false);
    expect(isOnnx(new Uint8Array())).toBe(false);
    expect(isOnnx(Uint8Array.of(8))).toBe(false);
  });
});
