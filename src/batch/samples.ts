import { loadSharp } from "../images/node/load-sharp.ts";
import { drawOverlay } from "../images/overlay.ts";
import type { Segmentation } from "../inference/segmenter.ts";
import type { Storage } from "./storage.ts";

/** The longest side of a sample on the contact sheet, in pixels. */
const SIDE = 240;
const GAP = 8;
const COLUMNS = 6;

/** The photo with the classes in color, small, as the bytes of a PNG. */
export async function renderSample({
  photo,
  width,
  height,
  labels,
  palette,
}: Segmentation): Promise<Uint8Array> {
  const overlay = drawOverlay(photo, { width, height, data: labels }, palette);
  const sharp = await loadSharp();
  return sharp(overlay.data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .resize(SIDE, SIDE, { fit: "inside" })
    .png()
    .toBuffer();
}

/**
 * Puts the samples that were written side by side: `contact-sheet.png`. Where there are none, none is
 * written.
 */
export async function writeContactSheet(target: Storage): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of target.list("samples/")) keys.push(key);
  if (keys.length === 0) return;
  const columns = Math.min(COLUMNS, keys.length);
  const pictures = await Promise.all(
    keys.sort().map(async (key, index) => ({
      input: Buffer.from(await target.read(key)),
      left: GAP + (index % columns) * (SIDE + GAP),
      top: GAP + Math.floor(index / columns) * (SIDE + GAP),
    })),
  );
  const sharp = await loadSharp();
  const sheet = sharp({
    create: {
      width: GAP + columns * (SIDE + GAP),
      height: GAP + Math.ceil(keys.length / columns) * (SIDE + GAP),
      channels: 3,
      background: "white",
    },
  });
  await target.write("contact-sheet.png", await sheet.composite(pictures).png().toBuffer());
}
