import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeIndexedPng } from "../../src/images/indexed-png.ts";
import { encodePng } from "../../src/images/node/encode.ts";
import { vocPalette } from "../../src/images/palette.ts";
import { testPhoto } from "./model.ts";

/** A data set in CamVid's layout, 64x48: photo0 to photo7 to train, photo0 and photo1 to validate. */
export async function writeCamvid(
  directory: string,
  label: (pixel: number, photo: number) => number,
): Promise<void> {
  for (const [split, count] of [
    ["train", 8],
    ["val", 2],
  ] as const) {
    await mkdir(join(directory, split), { recursive: true });
    await mkdir(join(directory, `${split}annot`));
    const ids = Array.from({ length: count }, (_, index) => `photo${index}`);
    for (const [index, id] of ids.entries()) {
      const { data, ...size } = testPhoto(64, 48);
      const photo = { ...size, data: data.map((value) => (value + 17 * index) % 256) };
      const labels = { ...size, data: data.subarray(0, 64 * 48).map((_, pixel) => label(pixel, index)) };
      await writeFile(join(directory, split, `${id}.png`), await encodePng(photo));
      await writeFile(
        join(directory, `${split}annot`, `${id}.png`),
        encodeIndexedPng(labels, vocPalette(13)),
      );
    }
    await writeFile(join(directory, `${split}.txt`), `${ids.join("\n")}\n`);
  }
}
