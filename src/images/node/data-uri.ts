import type { Photo } from "../types.ts";
import { encodePng } from "./encode.ts";
import { loadSharp } from "./load-sharp.ts";

/** A photo as a `data:` address of a JPEG. @param quality 1..100 */
export async function jpegUri(
  { width, height, data }: Photo,
  { quality = 85 }: { quality?: number } = {},
): Promise<string> {
  const sharp = await loadSharp();
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString("base64")}`;
}

/** A picture as a `data:` address of a PNG, its pixels unchanged. */
export async function pngUri(photo: Photo): Promise<string> {
  return `data:image/png;base64,${Buffer.from(await encodePng(photo)).toString("base64")}`;
}
