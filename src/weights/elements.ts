import type { ByteSource } from "./byte-source.ts";
import { bfloat16ToFloat, halfToFloat } from "./half.ts";

/** Element types of weight files and their bytes per element, under the names that safetensors gives them. */
export const ELEMENT_SIZES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

export type ElementType = keyof typeof ELEMENT_SIZES;

/** Marks a tensor that is stored as whole numbers. */
export function markInteger(type: ElementType): { isInteger?: true } {
  return /^(I|U|BOOL)/.test(type) ? { isInteger: true } : {};
}

/** Most dimensions of a tensor: more than networks have, few enough for forged shapes to be quick. */
export const MAX_DIMENSIONS = 16;

export function isElementType(name: unknown): name is ElementType {
  return typeof name === "string" && Object.hasOwn(ELEMENT_SIZES, name);
}

/**
 * Converts packed little-endian elements to float32, rounding to the nearest where float32 is narrower.
 *
 * Always copies: the input may start at any address and be a view of a whole file. Like all typed-array code
 * this assumes a little-endian machine, as all that run the engine are.
 */
export function decodeElements(bytes: Uint8Array, type: ElementType): Float32Array {
  const { buffer } = new Uint8Array(bytes);
  switch (type) {
    case "F64":
      return new Float32Array(new Float64Array(buffer));
    case "F32":
      return new Float32Array(buffer);
    case "F16":
      return halfToFloat(new Uint16Array(buffer));
    case "BF16":
      return bfloat16ToFloat(new Uint16Array(buffer));
    case "I64":
      return Float32Array.from(new BigInt64Array(buffer), Number);
    case "I32":
      return new Float32Array(new Int32Array(buffer));
    case "I16":
      return new Float32Array(new Int16Array(buffer));
    case "I8":
      return new Float32Array(new Int8Array(buffer));
    case "U8":
      return new Float32Array(new Uint8Array(buffer));
    case "BOOL":
      return Float32Array.from(new Uint8Array(buffer), (value) => (value === 0 ? 0 : 1));
  }
}

/** Elements converted at once: enough to be fast, few enough that their bytes take no memory to speak of. */
const CHUNK = 2 ** 16;

/** Reads `count` packed elements from byte `start` on as float32; needs little memory but for the result. */
export function readElements(
  source: ByteSource,
  start: number,
  count: number,
  type: ElementType,
): Float32Array {
  const values = new Float32Array(count);
  const size = ELEMENT_SIZES[type];
  for (let first = 0; first < count; first += CHUNK) {
    const end = Math.min(first + CHUNK, count);
    values.set(decodeElements(source.read(start + first * size, start + end * size), type), first);
  }
  return values;
}
