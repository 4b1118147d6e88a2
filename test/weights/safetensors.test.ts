import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import type { Weights } from "../../src/models/weights.ts";
import type { ByteSource } from "../../src/weights/byte-source.ts";
import { decodeSafetensors, encodeSafetensors, readSafetensors } from "../../src/weights/safetensors.ts";

/** A file with any header text and data. */
function file(header: string, data: Uint8Array = new Uint8Array()): Uint8Array {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

/** A file with one tensor `t` of 4 bytes of data, described by `entry`. */
function fileWith(entry: unknown): Uint8Array {
  return file(JSON.stringify({ t: entry }), new Uint8Array(4));
}

const someWeights: Weights = new Map([
  ["conv.weight", { shape: [2, 1, 2], data: Float32Array.of(1, -2, 0.5, 65504) }],
  ["conv.bias", { shape: [], data: Float32Array.of(0.1) }],
  ["empty", { shape: [3, 0], data: new Float32Array(0) }],
  ["7", { shape: [1], data: Float32Array.of(7) }],
]);

describe("encodeSafetensors", () => {
  test("writes the bytes of the format: length, JSON padded to 8 bytes, data", () => {
    const weights: Weights = new Map([["b", { shape: [2], data: Float32Array.of(1, -2) }]]);
    const json = '{"__metadata__":{"net":"x"},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    const data = Buffer.from("0000803f000000c0", "hex");
    const bytes = encodeSafetensors(weights, { metadata: { net: "x" } });
    expect(Buffer.from(bytes).equals(file(json.padEnd(88), data))).toBe(true);
  });

  test("writes float16 in half the bytes", () => {
    const weights: Weights = new Map([["b", { shape: [3], data: Float32Array.of(1, 0.1, Infinity) }]]);
    const bytes = encodeSafetensors(weights, { dtype: "F16" });
    expect(Buffer.from(bytes.slice(-6)).toString("hex")).toBe("003c662e007c");
    expect([...(decodeSafetensors(bytes, "x").weights.get("b")?.data ?? [])]).toEqual([
      1,
      0.0999755859375,
      Infinity,
    ]);
  });

  test("names the tensor that it cannot write", () => {
    const wrong: Weights = new Map([["b", { shape: [3], data: new Float32Array(2) }]]);
    expect(() => encodeSafetensors(wrong)).toThrow(/tensor "b" must have as many values as its shape, got 2/);
    const large: Weights = new Map([["b", { shape: [2], data: Float32Array.of(1, 7e4) }]]);
    expect(() => encodeSafetensors(large, { dtype: "F16" })).toThrow(
      /tensor "b" must stay below 65520 for F16, got 70000/,
    );
    const reserved: Weights = new Map([["__metadata__", { shape: [], data: new Float32Array(1) }]]);
    expect(() => encodeSafetensors(reserved)).toThrow(LightsegError);
  });
});

describe("decodeSafetensors", () => {
  test("gives back what was written, in its order", () => {
    const { weights, metadata } = decodeSafetensors(
      encodeSafetensors(someWeights, { metadata: { a: "b" } }),
      "x",
    );
    expect([...weights]).toEqual([...someWeights]);
    expect(metadata).toEqual({ a: "b" });
  });

  test("gives back any weights and metadata", () => {
    const tensor = fc.array(fc.nat(3), { maxLength: 4 }).chain((shape) => {
      const length = shape.reduce((product, extent) => product * extent, 1);
      return fc.float32Array({ minLength: length, maxLength: length }).map((data) => ({ shape, data }));
    });
    const name = fc.string({ unit: "binary" }).filter((text) => text !== "__metadata__");
    const weights = fc.array(fc.tuple(name, tensor)).map((entries) => new Map(entries));
    const metadata = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true });
    fc.assert(
      fc.property(weights, metadata, (original, texts) => {
        const decoded = decodeSafetensors(encodeSafetensors(original, { metadata: texts }), "x");
        expect(decoded.weights).toEqual(original);
        expect(Object.entries(decoded.metadata)).toEqual(Object.entries(texts));
      }),
    );
  });

  test("reads every element type, from bytes at an odd address", () => {
    const cases: [string, ArrayBufferView, number[]][] = [
      ["F64", Float64Array.of(0.5, -1e300), [0.5, -Infinity]],
      ["F32", Float32Array.of(0.5, -2), [0.5, -2]],
      ["F16", Uint16Array.of(0x3c00, 0xc000), [1, -2]],
      ["BF16", Uint16Array.of(0x3f80, 0xc000), [1, -2]],
      ["I64", BigInt64Array.of(-5n, 1n << 40n), [-5, 2 ** 40]],
      ["I32", Int32Array.of(-5, 7), [-5, 7]],
      ["I16", Int16Array.of(-5, 7), [-5, 7]],
      ["I8", Int8Array.of(-5, 7), [-5, 7]],
      ["U8", Uint8Array.of(250, 7), [250, 7]],
      ["BOOL", Uint8Array.of(0, 1), [0, 1]],
    ];
    for (const [dtype, { buffer, byteLength }, values] of cases) {
      const header = JSON.stringify({ t: { dtype, shape: [2], data_offsets: [0, byteLength] } });
      const bytes = file(header.padEnd(73), new Uint8Array(buffer));
      expect([...(decodeSafetensors(bytes, "x").weights.get("t")?.data ?? [])], dtype).toEqual(values);
    }
  });

  test("tensors do not share memory with the file", () => {
    const bytes = encodeSafetensors(someWeights);
    const { weights } = decodeSafetensors(bytes, "x");
    bytes.fill(0);
    expect(weights).toEqual(someWeights);
  });

  const good = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
  test.each<[string, Uint8Array]>([
    ["x: the file is too short to be a safetensors file, got 0", new Uint8Array()],
    ["x: the file is cut off or not a safetensors file", Buffer.from("This is plain text.")],
    ["its header would take 100 bytes", file("{}").fill(100, 0, 1)],
    ["its header is not a JSON object", file("[1]")],
    ["its header is not a JSON object", file(" ".repeat(100))],
    ["its header is not a JSON object", file("{")],
    ["its header is not a JSON object", file("{\0\0")],
    ["its header is not a JSON object", file(`{${" ".repeat(300)}}`)],
    ["x: the header must be JSON, but holds zeros (a download or a copy was cut off)", file('{"t":\0')],
    ["x: the header is not valid JSON at character 1", file(`{"${"a".repeat(300)}`)],
    ["x: the header is not valid JSON at character 2", file("{}x")],
    ["its header is not a JSON object", file("\u00ff{}").fill(0xff, 8, 9)],
    ["x: the header is not UTF-8", file('{"\u00e9":1}').fill(0x22, 11, 12)],
    [
      'x: the header holds the key "t" twice',
      file('{"t":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"t":{}}'),
    ],
    ['x: the header holds the key "dtype" twice', file('{"t":{"dtype":"F32","dtype":"F32"}}')],
    ['x: the header holds the key "__metadata__" twice', file('{"__metadata__":{},"__metadata__":{}}')],
    ['x: the header holds the key "a" twice', file('{"__metadata__":{"a":"b","a":"c"}}')],
    ['x: tensor "t" must be described by an object', fileWith(null)],
    ['x: tensor "t" must have a dtype of F64, F32, F16, BF16', fileWith({ ...good, dtype: "C64" })],
    ['tensor "t" must have a dtype', fileWith({ ...good, dtype: "toString" })],
    ['tensor "t" must have a dtype', fileWith({ ...good, dtype: 1 })],
    ['tensor "t" must have a dtype', fileWith({})],
    ['tensor "t" must have a shape', fileWith({ dtype: "F32" })],
    ['tensor "t" must have a shape', fileWith({ ...good, shape: new Array(17).fill(1) })],
    ['tensor "t" must have data_offsets', fileWith({ dtype: "F32", shape: [1] })],
    ['tensor "t" must have data_offsets', fileWith({ ...good, data_offsets: [0, 4, 4] })],
    ['tensor "t" must have data_offsets', file(`{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,1e400]}}`)],
    ['tensor "t" must have a shape of non-negative integers', fileWith({ ...good, shape: [-1] })],
    ['tensor "t" must have a shape of non-negative integers', fileWith({ ...good, shape: [1.5] })],
    ['tensor "t" must have a shape of non-negative integers', fileWith({ ...good, shape: [2 ** 53] })],
    ['tensor "t" must have a shape of non-negative integers', fileWith({ ...good, shape: "1" })],
    ['tensor "t" must have data_offsets of two', fileWith({ ...good, data_offsets: [0] })],
    ['tensor "t" must have data_offsets of two', fileWith({ ...good, data_offsets: [-4, 0] })],
    ['tensor "t" of shape [1] must take 4 bytes as F32, got -4', fileWith({ ...good, data_offsets: [4, 0] })],
    ['tensor "t" of shape [2] must take 8 bytes as F32, got 4', fileWith({ ...good, shape: [2] })],
    ['tensor "t" must start at byte 0 of the data, got 4', fileWith({ ...good, data_offsets: [4, 8] })],
    ['tensor "t" must end within the 4 bytes', fileWith({ ...good, shape: [2], data_offsets: [0, 8] })],
    ["x: the file must end with its last tensor, but goes on for 3 bytes", file("{}", new Uint8Array(3))],
    ['tensor "u" must start at byte 4', file(JSON.stringify({ t: good, u: good }), new Uint8Array(4))],
    ["__metadata__ must be an object of strings", file('{"__metadata__":[]}')],
    ['__metadata__ "a" must be a string', file('{"__metadata__":{"a":1}}')],
  ])("refuses a bad file: %s", (message, bytes) => {
    expect(() => decodeSafetensors(bytes, "x")).toThrow(LightsegError);
    expect(() => decodeSafetensors(bytes, "x")).toThrow(message);
  });

  test("does not take the memory that a header claims", () => {
    const huge = Array.from({ length: 15 }, () => 2 ** 50);
    expect(() => decodeSafetensors(fileWith({ ...good, shape: huge }), "x")).toThrow(LightsegError);
    expect(() => decodeSafetensors(fileWith({ ...good, shape: [...huge, 0] }), "x")).toThrow(LightsegError);
  });

  test("takes fields that it does not know, and names that JavaScript objects have", () => {
    const entry = `{"dtype":"U8","data":[{"a":null}],"shape":[1],"data_offsets":[0,1]}`;
    const header = `{"__metadata__":{"__proto__":"a"},"__proto__":${entry}}`;
    const { weights, metadata } = decodeSafetensors(file(header, Uint8Array.of(7)), "x");
    expect([...weights]).toEqual([["__proto__", { shape: [1], data: Float32Array.of(7), isInteger: true }]]);
    expect(Object.entries(metadata)).toEqual([["__proto__", "a"]]);
  });

  test("takes no more than twice the file and 1 MiB for its tensors", () => {
    const fileOf = (count: number) =>
      file(
        `{"a":{"dtype":"I8","shape":[${count}],"data_offsets":[0,${count}]}}`.padEnd(100),
        new Uint8Array(count),
      );
    // 4 bytes for each of them, and 2 x (108 + count) + 1 MiB allowed.
    const most = (2 * 108 + 2 ** 20) / 2;
    expect(decodeSafetensors(fileOf(most), "x").weights.size).toBe(1);
    expect(() => decodeSafetensors(fileOf(most + 1), "x")).toThrow(
      /x: tensor "a" makes the tensors take more than 2097586 bytes together, twice the file/,
    );
  });

  test("reads nothing of tensors that are not wanted", () => {
    const bytes = encodeSafetensors(someWeights, { metadata: { a: "b" } });
    const ranges: [number, number][] = [];
    const source: ByteSource = {
      size: bytes.length,
      read(start, end) {
        ranges.push([start, end]);
        return bytes.subarray(start, end);
      },
    };
    const { weights, metadata } = readSafetensors(source, "x", () => new Map([["conv.bias", "conv.bias"]]));
    expect([...weights]).toEqual([...someWeights].slice(1, 2));
    expect(metadata).toEqual({ a: "b" });
    const dataStart = bytes.length - 24;
    expect(ranges).toEqual([
      [0, 8],
      [8, 264],
      [8, dataStart],
      [dataStart + 16, dataStart + 20],
    ]);
  });

  test("a deeply nested header ends in an error", () => {
    const depth = 1_000_000;
    const deep = `${"[".repeat(depth)}${"]".repeat(depth)}`;
    for (const header of [
      `{"t":${deep}}`,
      `{"t":{"dtype":${deep}}}`,
      `{"t":{"dtype":"F32","shape":${deep}}}`,
    ]) {
      expect(() => decodeSafetensors(file(header), "x")).toThrow(LightsegError);
    }
  });
});
