import { joinBytes } from "../join-bytes.ts";
import { crc32 } from "./crc32.ts";
import { VOID_COLOR } from "./palette.ts";
import type { LabelMap, Palette } from "./types.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/**
 * Writes labels as an 8-bit palette PNG, with the compression of the platform: the value of a pixel is its
 * label, its color that of the class.
 *
 * @param deflate gives the zlib format, which PNG asks for
 */
export async function encodeLabelPng(
  { width, height, data }: LabelMap,
  palette: Palette,
  deflate: (rows: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  // 8 bits a pixel, palette colors; compression, filter and interlace methods are 0.
  header.setUint16(8, 0x0803);
  const colors = new Uint8Array(3 * 256);
  for (let label = 0; label < 256; label++) colors.set(palette[label] ?? VOID_COLOR, 3 * label);
  // Each row begins with its filter. 0 means none, which is best for equal neighbors.
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return joinBytes([
    SIGNATURE,
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("PLTE", colors),
    chunk("IDAT", await deflate(rows)),
    chunk("IEND", new Uint8Array()),
  ]);
}

/** A chunk of a PNG: length, type, data, and the checksum of type and data. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc32(bytes.subarray(4, data.length + 8)));
  return bytes;
}
