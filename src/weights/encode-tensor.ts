import { countValues } from "../graph/shape.ts";
import type { WeightTensor } from "../models/weights.ts";
import { floatToBfloat16, floatToHalf } from "./half.ts";
import { refuseToEncode } from "./invalid.ts";

/** The element types that weights are written as. */
export type FloatType = "F32" | "F16" | "BF16";

/** Infinity in the bits of each 16-bit type, without sign, and the least value that rounds to it. */
const OVERFLOW = {
  F16: { infinity: 0x7c00, limit: "65520" },
  BF16: { infinity: 0x7f80, limit: "3.3962e38" },
} as const;

/**
 * The little-endian bytes of a tensor's values: a view of them for F32, otherwise rounded to the nearest,
 * ties to even.
 *
 * `where` and `name`, the tensor's, start the message of every error.
 *
 * @throws LightsegError INVALID_WEIGHTS if the data do not fill the shape, or a finite value would become
 *   infinite.
 */
export function encodeTensor(
  name: string,
  { shape, data }: WeightTensor,
  dtype: FloatType,
  where: string,
): Uint8Array {
  const fail = (rule: string, value: unknown, hint?: string): never =>
    refuseToEncode(where, name, rule, { value, hint });
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0)) {
    fail("must have a shape of non-negative integers", shape);
  }
  if (countValues(shape) !== data.length) fail("must have as many values as its shape", data.length);
  if (dtype === "F32") return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

  const narrow = dtype === "F16" ? floatToHalf(data) : floatToBfloat16(data);
  const { infinity, limit } = OVERFLOW[dtype];
  const overflow = data.findIndex(
    (value, i) => Number.isFinite(value) && ((narrow[i] ?? 0) & 0x7fff) === infinity,
  );
  if (overflow >= 0) {
    const hint = dtype === "F16" ? "BF16 has the range of F32, with fewer digits" : undefined;
    fail(`must stay below ${limit} for ${dtype}`, data[overflow], hint);
  }
  return new Uint8Array(narrow.buffer);
}
