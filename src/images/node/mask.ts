import { decode, hasPngSignature } from "fast-png";
import { LightsegError, messageOf } from "../../errors.ts";
import { MAX_PIXELS } from "../check.ts";
import type { LabelMap } from "../types.ts";

const GREY = 0;
const INDEXED = 3;
/** The signature, then the length, name, 13 bytes and checksum of the IHDR chunk. */
const HEADER_LENGTH = 8 + 4 + 4 + 13 + 4;

interface PngHeader {
  width: number;
  height: number;
  depth: number;
  colourType: number;
  interlaced: boolean;
}

/**
 * Reads the labels of a gray or palette PNG of 1, 2, 4 or 8 bits, `[height, width]`, one raw index a pixel.
 *
 * Gray values are not scaled and palette indices are not turned into colours: the number stored is the label.
 * `where` names the mask in error messages, usually its path.
 *
 * Throws a LightsegError with code INVALID_IMAGE when the bytes are not a PNG, are cut short or damaged,
 * claim more than 64 million pixels, or hold colour, alpha or 16-bit values.
 */
export function decodeMask(bytes: Uint8Array, where: string): LabelMap {
  const header = readHeader(bytes, where);
  checkHeader(header, where);
  const { width, height, depth } = header;
  try {
    const packed = decode(bytes, { checkCrc: true }).data;
    return { width, height, data: unpack(packed, width, height, depth) };
  } catch (cause) {
    throw invalid(where, "must be a whole, undamaged PNG", messageOf(cause), undefined, cause);
  }
}

function readHeader(bytes: Uint8Array, where: string): PngHeader {
  if (bytes.length === 0) throw invalid(where, "must be a PNG", "an empty file");
  if (!hasPngSignature(bytes)) throw invalid(where, "must be a PNG", "another kind of file");
  if (bytes.length < HEADER_LENGTH) {
    throw invalid(where, "must be a whole, undamaged PNG", `${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const name = String.fromCharCode(...bytes.subarray(12, 16));
  if (name !== "IHDR") throw invalid(where, "must start with an IHDR chunk", name);
  return {
    width: view.getUint32(16),
    height: view.getUint32(20),
    depth: view.getUint8(24),
    colourType: view.getUint8(25),
    interlaced: view.getUint8(28) !== 0,
  };
}

function checkHeader(header: PngHeader, where: string): void {
  const { width, height, depth, colourType, interlaced } = header;
  if (width === 0 || height === 0 || width * height > MAX_PIXELS) {
    throw invalid(where, `must have 1 to ${MAX_PIXELS} pixels`, `${width} x ${height}`);
  }
  if (colourType !== GREY && colourType !== INDEXED) {
    const found = { 2: "RGB", 4: "gray with alpha", 6: "RGB with alpha" }[colourType];
    const hint = "store the class index of each pixel, not its colour";
    throw invalid(where, "must be a gray or palette PNG", found ?? `colour type ${colourType}`, hint);
  }
  if (depth > 8) throw invalid(where, "must have at most 8 bits a pixel", depth, "labels are 0 to 255");
  if (interlaced && depth < 8) {
    throw invalid(where, "must not be interlaced", `an interlaced PNG of ${depth} bits`, "save it anew");
  }
}

/** Rows start on a whole byte; within one, the leftmost pixel has the highest bits. */
function unpack(packed: ArrayLike<number>, width: number, height: number, depth: number): Uint8Array {
  const labels = new Uint8Array(width * height);
  const rowLength = Math.ceil((width * depth) / 8);
  const mask = (1 << depth) - 1;
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0, bit = 0; x < width; x++, bit += depth) {
      const byte = packed[y * rowLength + (bit >> 3)] ?? 0;
      labels[out++] = (byte >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return labels;
}

function invalid(where: string, rule: string, value: unknown, hint?: string, cause?: unknown): LightsegError {
  return new LightsegError({
    code: "INVALID_IMAGE",
    where: "decodeMask",
    argument: where,
    rule,
    value,
    hint,
    cause,
  });
}
