import { LightsegError } from "../errors.ts";
import { countValues } from "../graph/shape.ts";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** The format aligns the data to this many bytes. */
const ALIGNMENT = 64;

export interface NpyArray {
  readonly data: Float32Array | Uint8Array | Int32Array;
  readonly shape: readonly number[];
}

/**
 * Writes an array as NumPy's `.npy`, version 1.0, C order: float32 as `<f4`, uint8 as `|u1`, int32 as `<i4`.
 *
 * @throws LightsegError INVALID_WEIGHTS if `data` does not fill `shape`.
 */
export function encodeNpy({ data, shape }: NpyArray): Uint8Array {
  if (countValues(shape) !== data.length) {
    const rule = `must have as many values as its shape [${shape.join(", ")}]`;
    const value = data.length;
    throw new LightsegError({ code: "INVALID_WEIGHTS", where: "encodeNpy", argument: "data", rule, value });
  }
  const descr = data instanceof Float32Array ? "<f4" : data instanceof Uint8Array ? "|u1" : "<i4";
  // Python writes a tuple of one with a comma: (3,)
  const tuple = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const fields = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const prefix = MAGIC.length + 4;
  const dataStart = Math.ceil((prefix + fields.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = `${fields.padEnd(dataStart - prefix - 1)}\n`;

  const bytes = new Uint8Array(dataStart + data.byteLength);
  bytes.set([...MAGIC, 1, 0]);
  new DataView(bytes.buffer).setUint16(MAGIC.length + 2, header.length, true);
  bytes.set(new TextEncoder().encode(header), prefix);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), dataStart);
  return bytes;
}
