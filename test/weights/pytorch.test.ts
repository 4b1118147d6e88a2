import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import type { ByteSource } from "../../src/weights/byte-source.ts";
import { isPytorch, readPytorch } from "../../src/weights/pytorch.ts";
import { decodePytorch } from "../support/weights.ts";
import {
  checkpoint,
  checkpointFiles,
  float32,
  legacyCheckpoint,
  pickleTensor,
  type TestTensor,
} from "./checkpoint-writer.ts";
import { PickleWriter } from "./pickle-writer.ts";

/** The values of the one tensor of a checkpoint. */
function valuesOf(tensor: TestTensor): number[] {
  return [...(decodePytorch(checkpoint({ t: tensor }), "x.pth").get("t")?.data ?? [])];
}

const twoTensors = {
  "conv.weight": { values: float32(1, 2, 3, 4, 5, 6), shape: [2, 3] },
  "conv.bias": { values: float32(-1, 0.5), shape: [2] },
};

describe("state dicts", () => {
  test("gives the tensors in the order of the file", () => {
    const weights = decodePytorch(checkpoint(twoTensors), "x.pth");
    expect([...weights]).toEqual([
      ["conv.weight", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ["conv.bias", { shape: [2], data: Float32Array.of(-1, 0.5) }],
    ]);
  });

  test("leaves out what is no tensor", () => {
    const writer = new PickleWriter().proto().emptyDict().mark().text("step").int(3).int(5).int(6).text("a");
    pickleTensor(writer, "0", twoTensors["conv.bias"]);
    const files = checkpointFiles({ a: twoTensors["conv.bias"] }, writer.setItems().stop());
    expect([...decodePytorch(zipSync(files, { level: 0 }), "x.pth").keys()]).toEqual(["a"]);
  });

  test.each([
    ['got ["epoch"]', new PickleWriter().proto().emptyDict().mark().text("epoch").int(1).setItems().stop()],
    ["got []", new PickleWriter().proto().int(1).stop()],
  ])("refuses a checkpoint without tensors: %s", (found, pickle) => {
    expect(() => decodePytorch(checkpoint({}, pickle), "x.pth")).toThrow(
      `x.pth: the checkpoint must hold tensors by name, in a dict or in dicts of dicts, ${found}`,
    );
  });
});

describe("tensors", () => {
  test.each<[string, ArrayBufferView, number, number[]]>([
    ["DoubleStorage", Float64Array.of(0.5, -2), 8, [0.5, -2]],
    ["FloatStorage", Float32Array.of(0.5, -2), 4, [0.5, -2]],
    ["HalfStorage", Uint16Array.of(0x3800, 0xc000), 2, [0.5, -2]],
    ["BFloat16Storage", Uint16Array.of(0x3f00, 0xc000), 2, [0.5, -2]],
    ["LongStorage", BigInt64Array.of(5n, -2n), 8, [5, -2]],
    ["IntStorage", Int32Array.of(5, -2), 4, [5, -2]],
    ["ShortStorage", Int16Array.of(5, -2), 2, [5, -2]],
    ["CharStorage", Int8Array.of(5, -2), 1, [5, -2]],
    ["ByteStorage", Uint8Array.of(5, 254), 1, [5, 254]],
    ["BoolStorage", Uint8Array.of(1, 0), 1, [1, 0]],
  ])("reads a %s", (storageType, { buffer }, size, expected) => {
    expect(valuesOf({ values: new Uint8Array(buffer), shape: [2], storageType, size })).toEqual(expected);
  });

  test("reads a parameter", () => {
    expect(valuesOf({ values: float32(1, 2), shape: [2], parameter: true })).toEqual([1, 2]);
  });

  test("reads a transposed, a sliced and an expanded view in row-major order", () => {
    const values = float32(0, 1, 2, 3, 4, 5);
    // The storage as a 2 x 3 matrix: its transpose, its columns 1 and 2, its first row twice.
    expect(valuesOf({ values, shape: [3, 2], strides: [1, 3] })).toEqual([0, 3, 1, 4, 2, 5]);
    expect(valuesOf({ values, shape: [2, 2], strides: [3, 1], offset: 1 })).toEqual([1, 2, 4, 5]);
    expect(valuesOf({ values, shape: [2, 3], strides: [0, 1] })).toEqual([0, 1, 2, 0, 1, 2]);
  });

  test("reads scalars, empty tensors and axes of one whatever their stride", () => {
    const values = float32(7, 8);
    expect(valuesOf({ values, shape: [], offset: 1 })).toEqual([8]);
    expect(valuesOf({ values, shape: [1, 2], strides: [99, 1] })).toEqual([7, 8]);
    expect(valuesOf({ values: float32(), shape: [3, 0] })).toEqual([]);
    expect(valuesOf({ values, shape: [2, 0], offset: 1000 })).toEqual([]);
  });

  test("any strided view is gathered as by its definition", () => {
    const axis = fc.record({ extent: fc.integer({ min: 1, max: 4 }), stride: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(axis, { maxLength: 4 }), fc.nat(3), (axes, offset) => {
        const shape = axes.map(({ extent }) => extent);
        const strides = axes.map(({ stride }) => stride);
        let places = [offset];
        for (const { extent, stride } of axes) {
          places = places.flatMap((place) => Array.from({ length: extent }, (_, i) => place + i * stride));
        }
        const storage = Array.from({ length: Math.max(...places) + 1 }, (_, i) => i);
        expect(valuesOf({ values: float32(...storage), shape, strides, offset })).toEqual(places);
      }),
    );
  });

  test.each<[string, TestTensor]>([
    ["must lie in its storage of 2", { values: float32(1, 2), shape: [3] }],
    ["must lie in its storage of 2", { values: float32(1, 2), shape: [1], offset: 2 }],
    ["must lie in its storage of 2", { values: float32(1, 2), shape: [2], strides: [2] }],
    ["must lie in its storage of 0", { values: float32(), shape: [] }],
    ["must have a storage of 3 F32, got 8 bytes", { values: float32(1, 2), shape: [2], storageLength: 3 }],
    ["take more than", { values: float32(1, 2), shape: [2 ** 30, 2 ** 30, 2 ** 30], strides: [0, 0, 0] }],
  ])("refuses a tensor that its storage cannot hold, naming it: %s", (message, tensor) => {
    expect(() => decodePytorch(checkpoint({ t: tensor }), "x.pth")).toThrow(LightsegError);
    expect(() => decodePytorch(checkpoint({ t: tensor }), "x.pth")).toThrow(message);
    expect(() => decodePytorch(checkpoint({ t: tensor }), "x.pth")).toThrow('x.pth: tensor "t"');
  });

  test.each<[string, TestTensor]>([
    ["strides of another length", { values: float32(1, 2), shape: [2], strides: [] }],
    ["a negative extent", { values: float32(1, 2), shape: [-2], strides: [1] }],
    ["a negative stride", { values: float32(1, 2), shape: [2], strides: [-1] }],
    ["17 dimensions", { values: float32(1), shape: new Array(17).fill(1) }],
    ["a negative storage", { values: float32(1), shape: [1], storageLength: -1 }],
  ])("refuses a tensor with %s", (_, tensor) => {
    expect(() => decodePytorch(checkpoint({ t: tensor }), "x.pth")).toThrow(
      /x\.pth: the checkpoint is damaged/,
    );
  });

  test("a dict that names one tensor without end is refused before the memory is full", () => {
    const writer = new PickleWriter().proto().emptyDict().mark().text("t0");
    const tensor = { values: new Uint8Array(100_000), shape: [25_000] };
    pickleTensor(writer, "0", tensor);
    writer.put(9);
    for (let i = 1; i < 1000; i++) writer.text(`t${i}`).get(9);
    const bytes = checkpoint({ t: tensor }, writer.setItems().stop());
    expect(() => decodePytorch(bytes, "x.pth")).toThrow(
      /makes the tensors take more than \d+ bytes together, twice the file/,
    );
  });
});

describe("container", () => {
  const files = () => checkpointFiles(twoTensors);
  test.each<[string, Uint8Array]>([
    ["x.pth: the file is empty", new Uint8Array()],
    ["x.pth: the file is not a PyTorch checkpoint: it is no zip archive", Buffer.from("<!DOCTYPE html>")],
    ["x.pth: the zip archive is cut off", checkpoint(twoTensors).subarray(0, 500)],
    ["x.pth: the zip archive is cut off", Buffer.from("PK\x03\x04")],
    ["must hold one data.pkl to be a PyTorch checkpoint, got 0", zipSync({ "a.txt": new Uint8Array(3) })],
    ["got 2", zipSync({ ...files(), "other/data.pkl": new Uint8Array(3) }, { level: 0 })],
    [
      "is a TorchScript program",
      zipSync({ ...files(), "archive/constants.pkl": new Uint8Array(3) }, { level: 0 }),
    ],
    [
      "must be saved on a little-endian machine",
      zipSync({ ...files(), "archive/byteorder": Buffer.from("big") }, { level: 0 }),
    ],
    ['holds "archive/data.pkl" compressed', zipSync(files(), { level: 6 })],
    [
      'holds "archive/data/0" compressed',
      zipSync({ ...files(), "archive/data/0": [new Uint8Array(24), { level: 6 }] }, { level: 0 }),
    ],
  ])("refuses what is not a checkpoint: %s", (message, bytes) => {
    expect(() => decodePytorch(bytes, "x.pth")).toThrow(LightsegError);
    expect(() => decodePytorch(bytes, "x.pth")).toThrow(message);
  });

  test("names the storage that is missing", () => {
    const { "archive/data/1": _, ...rest } = files();
    expect(() => decodePytorch(zipSync(rest, { level: 0 }), "x.pth")).toThrow(
      'x.pth: the zip archive holds no "archive/data/1"',
    );
  });

  test("takes a byteorder of little", () => {
    const bytes = zipSync({ ...files(), "archive/byteorder": Buffer.from("little") }, { level: 0 });
    expect(decodePytorch(bytes, "x.pth").size).toBe(2);
  });

  test("knows both containers by their first bytes", () => {
    expect(isPytorch(checkpoint(twoTensors).subarray(0, 16))).toBe(true);
    expect(isPytorch(legacyCheckpoint(twoTensors).subarray(0, 16))).toBe(true);
    expect(isPytorch(new Uint8Array(16))).toBe(false);
    expect(isPytorch(new Uint8Array())).toBe(false);
  });
});

describe("what is read of a file", () => {
  /** Large enough for reading ahead not to reach the next one, and told apart by its bytes. */
  const filled = (byte: number): TestTensor => ({
    values: new Uint8Array(40_000).fill(byte),
    shape: [10_000],
  });
  const tensors = { wanted: filled(1), unwanted: filled(2), momentum: filled(3), "wanted.too": filled(1) };
  const writer = new PickleWriter().proto().emptyDict().mark().text("model").emptyDict().mark();
  pickleTensor(writer.text("wanted"), "0", tensors.wanted);
  pickleTensor(writer.text("unwanted"), "1", tensors.unwanted);
  pickleTensor(writer.text("wanted.too"), "3", tensors["wanted.too"]);
  pickleTensor(writer.setItems().text("optimizer").emptyList(), "2", tensors.momentum);
  const pickle = writer.raw(0x61).setItems().stop();

  test.each([
    ["a zip archive", checkpoint(tensors, pickle)],
    ["the old container", legacyCheckpoint(tensors, pickle)],
  ])("is nothing of other tensors and the optimizer: %s", (_, file) => {
    const bytesRead = new Map<number, number>();
    const source: ByteSource = {
      size: file.length,
      read(start, end) {
        const bytes = file.subarray(start, end);
        for (const byte of bytes) bytesRead.set(byte, (bytesRead.get(byte) ?? 0) + 1);
        return bytes;
      },
    };
    const names = new Map(["wanted", "wanted.too"].map((name) => [`model.${name}`, name]));
    const { weights } = readPytorch(source, "x.pth", () => names);
    expect([...weights.keys()]).toEqual(["wanted", "wanted.too"]);
    expect(weights.get("wanted")?.data).toEqual(new Float32Array(new Uint8Array(40_000).fill(1).buffer));
    expect(bytesRead.get(1)).toBeGreaterThanOrEqual(80_000);
    // Headers have such bytes, too.
    expect(bytesRead.get(2)).toBeLessThan(100);
    expect(bytesRead.get(3)).toBeLessThan(100);
  });
});
