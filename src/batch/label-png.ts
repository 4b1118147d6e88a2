import { promisify } from "node:util";
import { deflate } from "node:zlib";
import { VOID_COLOR } from "../images/palette.ts";
import type { LabelMap, Palette } from "../images/types.ts";

const deflateAsync = promisify(deflate);

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const INDEXED = 3;

/**
 * Writes labels as an 8-bit palette PNG: the pixels and colors of `encodeIndexedPng`.
 *
 * Compressed in a thread of Node's pool, so that the program goes on meanwhile, and by native code, so that
 * the network's cores are left to it.
 */
export async function encodeLabelPng(
  { width, height, data }: LabelMap,
  palette: Palette,
): Promise<Uint8Array> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, INDEXED, 0, 0, 0], 8);
  const colors = Array.from({ length: 256 }, (_, label) => [...(palette[label] ?? VOID_COLOR)]).flat();
  // Each row starts with its filter. 0 means no filter, which is best for equal neighbors.
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", Uint8Array.from(colors)),
    chunk("IDAT", await deflateAsync(rows, { level: 6 })),
    chunk("IEND", new Uint8Array()),
  ]);
}

/** Length, name, bytes and the checksum of the last two. */
function chunk(name: string, bytes: Uint8Array): Uint8Array {
  const whole = Buffer.alloc(bytes.length + 12);
  whole.writeUInt32BE(bytes.length, 0);
  whole.write(name, 4, "latin1");
  whole.set(bytes, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, bytes.length + 8)), bytes.length + 8);
  return whole;
}

/** CRC-32 of ISO 3309; `zlib.crc32` is newer than the oldest Node that this runs on. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});
