import { promisify } from "node:util";
import { deflate } from "node:zlib";
import { encodeLabelPng } from "../images/label-png.ts";
import type { LabelMap, Palette } from "../images/types.ts";

const deflateAsync = promisify(deflate);

/**
 * Writes labels as an 8-bit palette PNG: the pixels and colors of `encodeIndexedPng`.
 *
 * Compressed in a thread of Node's pool, so that the program goes on meanwhile, and by native code, so that
 * the network's cores are left to it.
 */
export function writeLabelPng(labels: LabelMap, palette: Palette): Promise<Uint8Array> {
  return encodeLabelPng(labels, palette, (rows) => deflateAsync(rows, { level: 6 }));
}
