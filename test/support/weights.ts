import { expect } from "vitest";
import type { Weights } from "../../src/models/weights.ts";
import { bytesSource } from "../../src/weights/byte-source.ts";
import { readPytorch } from "../../src/weights/pytorch.ts";

/** `readPytorch` for a file in memory. */
export function decodePytorch(bytes: Uint8Array, file: string): Weights {
  return readPytorch(bytesSource(bytes), file).weights;
}

/** A float32 of these bits, which may be a NaN that `Float32Array.of(NaN)` would not give. */
function ofBits(...bits: number[]): Float32Array {
  return new Float32Array(Uint32Array.from(bits).buffer);
}

/** Weights that a careless writer changes: NaN with a payload, -0, subnormals, odd names and shapes. */
export const oddWeights: Weights = new Map([
  ["nan", { shape: [4], data: ofBits(0x7fc00000, 0x7f800001, 0xffc12345, 0xffffffff) }],
  ["zeros/±0", { shape: [2, 1], data: Float32Array.of(0, -0) }],
  ["subnormal", { shape: [3], data: ofBits(0x00000001, 0x807fffff, 0x00800000) }],
  ["largest", { shape: [4], data: ofBits(0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000) }],
  ["слой.重み/🎈\n\"'", { shape: [1, 2, 1], data: Float32Array.of(0.1, -1e-20) }],
  ["", { shape: [], data: Float32Array.of(7) }],
  ["7", { shape: [1], data: Float32Array.of(3) }],
  ["empty", { shape: [0], data: new Float32Array(0) }],
  ["empty/matrix", { shape: [3, 0, 2], data: new Float32Array(0) }],
  // A view that starts inside of its buffer.
  ["view", { shape: [2], data: Float32Array.of(1, 2, 3, 4).subarray(1, 3) }],
]);

/** Compares names, shapes and every bit. `toEqual` takes all NaNs for equal, and is slow. */
export function expectSameBits(actual: Weights, expected: Weights): void {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  for (const [name, { shape, data }] of expected) {
    const found = actual.get(name);
    expect({ name, shape: found?.shape }).toEqual({ name, shape });
    const same = found && bytesOf(found.data).equals(bytesOf(data));
    expect({ name, same }).toEqual({ name, same: true });
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
