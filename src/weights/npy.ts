import { LightsegError } from "../errors.ts";
import { decodeElements, elementCount } from "./elements.ts";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** The format aligns the data to this many bytes. */
const ALIGNMENT = 64;

/** The types that `encodeNpy` writes; `decodeNpy` gives them back, and reads float64 as float32. */
export type NpyData = Float32Array | Uint8Array | Int32Array;

const ITEM_SIZES = new Map([
  ["<f4", 4],
  ["<f8", 8],
  ["|u1", 1],
  ["<i4", 4],
]);

/**
 * Writes an array as NumPy's `.npy`, version 1.0, C order: float32 as `<f4`, uint8 as `|u1`, int32 as `<i4`.
 *
 * @throws {LightsegError} INVALID_WEIGHTS if `data` does not fill `shape`.
 */
export function encodeNpy(data: NpyData, shape: readonly number[]): Uint8Array {
  if (elementCount(shape) !== data.length) {
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

/**
 * Reads a NumPy `.npy` array of versions 1 to 3 in C order: `<f4` and `<f8` (as float32), `|u1`, `<i4`.
 *
 * `file` names it in errors.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * @throws {LightsegError} INVALID_WEIGHTS
 */
export function decodeNpy(bytes: Uint8Array, file: string): { shape: number[]; data: NpyData } {
  const { header, dataStart } = readHeader(bytes, file);
  const descr = /'descr': *'([^']*)'/.exec(header)?.[1] ?? "";
  const itemSize = ITEM_SIZES.get(descr);
  if (itemSize === undefined) {
    fail(file, "the array", `must be of type ${[...ITEM_SIZES.keys()].join(", ")}`, descr);
  }
  if (!/'fortran_order': *False/.test(header)) fail(file, "the array", "must be in C order");
  const extents = /'shape': *\(([\d, ]*)\)/.exec(header)?.[1];
  if (extents === undefined) fail(file, "the array", "must have a shape");
  const shape = (extents.match(/\d+/g) ?? []).map(Number);

  const data = bytes.subarray(dataStart);
  const size = elementCount(shape) * itemSize;
  if (size !== data.length) {
    fail(
      file,
      "the array",
      `of shape [${shape.join(", ")}] must take ${size} bytes as ${descr}`,
      data.length,
    );
  }
  // Copied, since typed arrays need aligned memory.
  if (descr === "|u1") return { shape, data: new Uint8Array(data) };
  if (descr === "<i4") return { shape, data: new Int32Array(new Uint8Array(data).buffer) };
  return { shape, data: decodeElements(data, descr === "<f8" ? "F64" : "F32") };
}

function readHeader(bytes: Uint8Array, file: string): { header: string; dataStart: number } {
  const version = bytes[MAGIC.length] ?? 0;
  // Version 1 has a 16-bit header length, the later ones 32 bits.
  const headerStart = MAGIC.length + (version === 1 ? 4 : 6);
  if (
    MAGIC.some((byte, i) => bytes[i] !== byte) ||
    version < 1 ||
    version > 3 ||
    bytes.length < headerStart
  ) {
    fail(file, "the file", "is not a .npy file of version 1 to 3");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengthAt = MAGIC.length + 2;
  const length = version === 1 ? view.getUint16(lengthAt, true) : view.getUint32(lengthAt, true);
  const dataStart = headerStart + length;
  if (dataStart > bytes.length) fail(file, "the file", "is cut off in its header");
  return { header: new TextDecoder().decode(bytes.subarray(headerStart, dataStart)), dataStart };
}

function fail(file: string, argument: string, rule: string, value?: unknown): never {
  throw new LightsegError({ code: "INVALID_WEIGHTS", where: "decodeNpy", file, argument, rule, value });
}
