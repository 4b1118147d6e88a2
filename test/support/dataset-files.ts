import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";

/** Writes a black photo; its format is that of the file's ending. Folders are made. */
export async function writePhoto(path: string, width: number, height: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const data = new Uint8Array(3 * width * height);
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(path);
}

/** Writes a gray PNG of `values.length / width` rows. Folders are made. */
export async function writeMask(path: string, width: number, values: readonly number[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const mask = { width, height: values.length / width, data: Uint8Array.from(values), channels: 1 };
  await writeFile(path, encode(mask));
}
