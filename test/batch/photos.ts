import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { root } from "../cli/run-cli.ts";

export const goodPhotos = ["a b.png", "sub/über.png", "tall.png", "z.jpg"];
export const badPhotos = ["broken.jpg", "empty.png", "text.png"];

/** Photos of odd names and sizes, of which three cannot be read, and a file of another kind. */
export async function writePhotos(folder: string): Promise<void> {
  await mkdir(join(folder, "sub"), { recursive: true });
  const write = (name: string, width: number, height: number) =>
    sharp(`${root}examples/coffee.jpg`).resize(width, height, { fit: "fill" }).toFile(join(folder, name));
  await write("a b.png", 64, 48);
  await write("sub/über.png", 50, 50);
  await write("tall.png", 20, 90);
  await write("z.jpg", 64, 48);
  await copyFile(join(folder, "z.jpg"), join(folder, "broken.jpg"));
  await writeFile(join(folder, "broken.jpg"), new Uint8Array(100).fill(7));
  await writeFile(join(folder, "empty.png"), "");
  await writeFile(join(folder, "text.png"), "no photo");
  await writeFile(join(folder, "notes.md"), "no photo either");
}
