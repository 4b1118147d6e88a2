import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom, fnv1a } from "../../src/random.ts";
import { encodeNpy } from "../../src/weights/npy.ts";
import { decodeNpy } from "../support/npy.ts";

test("arrays of every type and shape come back as they were, their data aligned", () => {
  const shapes = fc.array(fc.nat(4), { maxLength: 4 });
  const types = fc.constantFrom(Float32Array, Uint8Array, Int32Array);
  fc.assert(
    fc.property(shapes, types, fc.infiniteStream(fc.nat(255)), (shape, Type, values) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      const data = Type.from(values.take(count));
      const bytes = encodeNpy({ data, shape });
      expect(decodeNpy(bytes)).toEqual({ shape, data });
      expect((bytes.length - data.byteLength) % 64).toBe(0);
    }),
  );
});

test("refuses to write data that does not fill its shape", () => {
  expect(() => encodeNpy({ data: new Uint8Array(3), shape: [2, 2] })).toThrow(
    /data must have as many values as its shape/,
  );
});

test("writes the bytes of an array that NumPy saved", () => {
  const bytes = readFileSync(new URL("../fixtures/array.npy", import.meta.url));
  const random = createRandom(fnv1a("array"));
  const data = Float32Array.from({ length: 24 }, () => 2 * random() - 1);
  expect(bytes.equals(encodeNpy({ data, shape: [2, 3, 4] }))).toBe(true);
});
