import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LightsegError } from "../../src/errors.ts";
import { createRandom, fnv1a } from "../../src/random.ts";
import { decodeNpy, encodeNpy } from "../../src/weights/npy.ts";

/** An array as NumPy writes it, with any header. */
function npy(version: number, header: string, data: Uint8Array): Uint8Array {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(header.length);
  else length.writeUInt32LE(header.length);
  const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  return Buffer.concat([magic, length, Buffer.from(header), data]);
}

test("writes the bytes that NumPy writes", () => {
  // np.save of np.array([1, -2, 0.5], dtype="<f4")
  const fields = "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }";
  const header = `${fields.padEnd(128 - 10 - 1)}\n`;
  const data = Buffer.from("0000803f000000c00000003f", "hex");
  const bytes = encodeNpy(Float32Array.of(1, -2, 0.5), [3]);
  expect(Buffer.from(bytes).equals(npy(1, `${header.slice(0, bytes.length - 12 - 11)}\n`, data))).toBe(true);
  expect((bytes.length - 12) % 64).toBe(0);
});

test.each([1, 2, 3])("reads version %d", (version) => {
  const header = "{'descr': '<i4', 'fortran_order': False, 'shape': (2, 1), }\n";
  const data = new Uint8Array(Int32Array.of(7, -8).buffer);
  expect(decodeNpy(npy(version, header, data), "x.npy")).toEqual({
    shape: [2, 1],
    data: Int32Array.of(7, -8),
  });
});

test("reads float64 as float32, and a scalar", () => {
  const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n";
  const data = new Uint8Array(Float64Array.of(0.1).buffer);
  expect(decodeNpy(npy(1, header, data), "x.npy")).toEqual({ shape: [], data: Float32Array.of(0.1) });
});

test("arrays of every type and shape come back as they were", () => {
  const shapes = fc.array(fc.nat(4), { maxLength: 4 });
  const types = fc.constantFrom(Float32Array, Uint8Array, Int32Array);
  fc.assert(
    fc.property(shapes, types, fc.infiniteStream(fc.integer()), (shape, Type, values) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      const data = Type.from(values.take(count));
      expect(decodeNpy(encodeNpy(data, shape), "x.npy")).toEqual({ shape, data });
    }),
  );
});

test.each([
  ['x.npy: the array must be of type <f4, <f8, |u1, <i4, got ">f4"', "'>f4'", "False", "(1,)"],
  ["x.npy: the array must be in C order", "'<f4'", "True", "(1,)"],
  ["x.npy: the array must have a shape", "'<f4'", "False", "None"],
  ["x.npy: the array of shape [2] must take 8 bytes as <f4, got 4", "'<f4'", "False", "(2,)"],
])("refuses what it cannot read: %s", (message, descr, order, shape) => {
  const header = `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
  expect(() => decodeNpy(npy(1, header, new Uint8Array(4)), "x.npy")).toThrow(message);
});

test("refuses to write data that does not fill its shape", () => {
  expect(() => encodeNpy(new Uint8Array(3), [2, 2])).toThrow(/data must have as many values as its shape/);
});

test("cut or changed files are decoded or refused", () => {
  const whole = encodeNpy(Float32Array.of(1, 2, 3, 4), [2, 2]);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
      const bytes = whole.slice(0, length);
      if (at < length) bytes[at] = byte;
      try {
        decodeNpy(bytes, "x.npy");
      } catch (error) {
        expect(error).toBeInstanceOf(LightsegError);
      }
    }),
    { numRuns: 1000 },
  );
});

test("reads and writes the bytes of an array that NumPy saved", () => {
  const bytes = readFileSync(new URL("../fixtures/array.npy", import.meta.url));
  const { shape, data } = decodeNpy(bytes, "array.npy");
  const random = createRandom(fnv1a("array"));
  expect(shape).toEqual([2, 3, 4]);
  expect(data).toEqual(Float32Array.from({ length: 24 }, () => 2 * random() - 1));
  expect(bytes.equals(encodeNpy(data, shape))).toBe(true);
});
