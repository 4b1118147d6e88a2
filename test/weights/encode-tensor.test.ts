import { describe, expect, test } from "vitest";
import { encodeTensor } from "../../src/weights/encode-tensor.ts";
import { lightsegError } from "../support/errors.ts";

function encode(dtype: "F32" | "F16" | "BF16", ...values: number[]): string {
  const tensor = { shape: [values.length], data: Float32Array.from(values) };
  return Buffer.from(encodeTensor("t", tensor, dtype, "test")).toString("hex");
}

test.each([
  ["F32", "0000803f000000c0cdcccc3d0000807f"],
  ["F16", "003c00c0662e007c"],
  ["BF16", "803f00c0cd3d807f"],
] as const)("the bytes of 1, -2, 0.1 and infinity as %s", (dtype, bytes) => {
  expect(encode(dtype, 1, -2, 0.1, Infinity)).toBe(bytes);
});

test("F32 is a view, wherever in its buffer the tensor lies", () => {
  const data = Float32Array.of(1, 2, 3).subarray(1, 2);
  const bytes = encodeTensor("t", { shape: [], data }, "F32", "test");
  expect([bytes.buffer === data.buffer, bytes.byteOffset, bytes.length]).toEqual([true, 4, 4]);
});

describe("finite values stay finite", () => {
  // The midpoint of the largest value and the power of 2 above it rounds up, being a tie.
  test.each([
    ["F16", 65519, "ff7b", 65520, "65520 for F16, got 65520 \\(BF16 has the range of F32"],
    ["BF16", -3.396e38, "7fff", -3.3961776e38, "3.3962e38 for BF16, got -3.396177"],
  ] as const)("as %s", (dtype, last, bytes, first, message) => {
    expect(encode(dtype, last)).toBe(bytes);
    expect(() => encode(dtype, 1, first)).toThrow(new RegExp(`^test: tensor "t" must stay below ${message}`));
  });
});

test.each([
  ["fewer values than the shape", [3], 2],
  ["more values than a scalar", [], 2],
  ["an extent that is no whole number", [1.5, 2], 3],
  ["negative extents", [-1, -2], 2],
])("%s are refused", (_, shape, length) => {
  const data = new Float32Array(length);
  expect(() => encodeTensor("t", { shape, data }, "F32", "test")).toThrow(
    lightsegError("INVALID_WEIGHTS", "test"),
  );
});
