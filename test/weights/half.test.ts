import fc from "fast-check";
import { expect, test } from "vitest";
import { bfloat16ToFloat, floatToBfloat16, floatToHalf, halfToFloat } from "../../src/weights/half.ts";

const KNOWN: [value: number, bits: number][] = [
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [0.5, 0x3800],
  [65504, 0x7bff],
  [2 ** -14, 0x0400],
  [1023 * 2 ** -24, 0x03ff],
  [2 ** -24, 0x0001],
  [-(2 ** -24), 0x8001],
  [Infinity, 0x7c00],
  [-Infinity, 0xfc00],
];

test.each(KNOWN)("float16 holds %d as these bits", (value, bits) => {
  expect(floatToHalf(Float32Array.of(value))[0]).toBe(bits);
  expect(halfToFloat(Uint16Array.of(bits))[0]).toBe(value);
});

test.each([
  [0.1, 0x2e66],
  [5.96e-8, 0x0001],
  [1 / 3, 0x3555],
  // Ties go to the even neighbour: 2049 lies between 2048 and 2050, 2051 between 2050 and 2052.
  [2049, 0x6800],
  [2051, 0x6802],
  [2 ** -25, 0x0000],
  [3 * 2 ** -25, 0x0002],
  [1023.5 * 2 ** -24, 0x0400],
  [65519, 0x7bff],
  [65520, 0x7c00],
  [1e30, 0x7c00],
  [-1e30, 0xfc00],
  [1e-30, 0x0000],
])("%d rounds to the nearest float16", (value, bits) => {
  expect(floatToHalf(Float32Array.of(value))[0]).toBe(bits);
});

test("NaN stays NaN in both directions", () => {
  expect(halfToFloat(floatToHalf(Float32Array.of(NaN)))[0]).toBeNaN();
  expect([...halfToFloat(Uint16Array.of(0x7c01, 0x7e00, 0xffff))]).toEqual([NaN, NaN, NaN]);
});

test("every float16 survives the way to float32 and back", () => {
  const all = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);
  const floats = halfToFloat(all);
  const back = floatToHalf(floats);
  const changed = all.filter((bits, i) => back[i] !== bits && !Number.isNaN(floats[i]));
  expect([...changed]).toEqual([]);
});

test("no other float16 lies nearer than the one chosen", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, min: -65504, max: 65504 }), (value) => {
      const bits = floatToHalf(Float32Array.of(value))[0] ?? 0;
      const [chosen = NaN, below = NaN, above = NaN] = halfToFloat(Uint16Array.of(bits, bits - 1, bits + 1));
      const error = Math.abs(chosen - value);
      for (const other of [below, above]) {
        if (Number.isFinite(other)) expect(Math.abs(other - value)).toBeGreaterThanOrEqual(error);
      }
    }),
  );
});

test("bfloat16 is the upper half of a float32", () => {
  const bits = Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x0000, 0x3e20, 0x7fc0);
  expect([...bfloat16ToFloat(bits)]).toEqual([1, -2, Infinity, 0, 0.15625, NaN]);
});

test.each([
  [0.1, 0x3dcd],
  [-0, 0x8000],
  // Ties go to the even neighbour: 257 lies between 256 and 258, 259 between 258 and 260.
  [257, 0x4380],
  [259, 0x4382],
  [2 ** -149, 0x0000],
  [2 ** -134, 0x0000],
  [3 * 2 ** -134, 0x0002],
  [3.3895e38, 0x7f7f],
  [3.4028e38, 0x7f80],
  [-Infinity, 0xff80],
])("%d rounds to the nearest bfloat16", (value, bits) => {
  expect(floatToBfloat16(Float32Array.of(value))[0]).toBe(bits);
});

test("NaN stays NaN as bfloat16, whatever its bits", () => {
  const bits = Uint32Array.of(0x7f800001, 0xff800001, 0x7fffffff, 0xffffffff, 0x7fc00000);
  const brains = floatToBfloat16(new Float32Array(bits.buffer));
  expect([...bfloat16ToFloat(brains)]).toEqual([NaN, NaN, NaN, NaN, NaN]);
  expect([...brains].map((brain) => brain >> 15)).toEqual([0, 1, 0, 1, 0]);
});

test("every bfloat16 survives the way to float32 and back", () => {
  const all = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);
  const floats = bfloat16ToFloat(all);
  const back = floatToBfloat16(floats);
  const changed = all.filter((bits, i) => back[i] !== bits && !Number.isNaN(floats[i]));
  expect([...changed]).toEqual([]);
});
