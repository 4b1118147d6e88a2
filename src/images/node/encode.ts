import { checkPhoto } from "../check.ts";
import type { Photo } from "../types.ts";
import { loadSharp } from "./load-sharp.ts";

/**
 * Writes a photo as an 8-bit RGB PNG; the pixels survive unchanged.
 *
 * @throws LightsegError INVALID_IMAGE for malformed pixels.
 */
export async function encodePng(photo: Photo): Promise<Uint8Array> {
  checkPhoto(photo, "encodePng");
  const { width, height, data } = photo;
  const sharp = await loadSharp();
  return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .png()
    .toBuffer();
}
