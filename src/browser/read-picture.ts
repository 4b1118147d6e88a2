import { LightsegError } from "../errors.ts";
import { checkPhoto, MAX_PIXELS } from "../images/check.ts";
import type { Photo } from "../images/types.ts";
import type { Picture } from "./protocol.ts";

/** Turns pictures of every kind into RGB bytes; keeps a canvas from one to the next. */
export class PictureReader {
  readonly #canvas = new OffscreenCanvas(1, 1);
  readonly #context = this.#canvas.getContext("2d", { willReadFrequently: true });
  readonly #where: string;

  /** @param where the function that was called, for errors */
  constructor(where: string) {
    this.#where = where;
  }

  /** Reads a picture as `read` does, and closes it, which frees its memory at once. */
  async take(picture: Picture): Promise<Photo> {
    try {
      return await this.read(picture);
    } finally {
      if ("close" in picture) picture.close();
    }
  }

  /**
   * Reads a picture as 8-bit sRGB; transparency is composited on white, and the EXIF orientation applied.
   *
   * @throws LightsegError INVALID_IMAGE for what the browser cannot decode or is too large
   */
  async read(picture: Picture): Promise<Photo> {
    if (picture instanceof ImageBitmap) return this.#draw(picture, picture.width, picture.height);
    if (picture instanceof Blob || picture instanceof ImageData) {
      const bitmap = await createImageBitmap(picture).catch((cause: unknown) => {
        throw this.#invalid("is not a picture that this browser can read", undefined, cause);
      });
      try {
        return this.#draw(bitmap, bitmap.width, bitmap.height);
      } finally {
        bitmap.close();
      }
    }
    if ("displayWidth" in picture) return this.#draw(picture, picture.displayWidth, picture.displayHeight);
    checkPhoto(picture, this.#where);
    return picture;
  }

  #draw(source: CanvasImageSource, width: number, height: number): Photo {
    if (width * height > MAX_PIXELS)
      throw this.#invalid(`must have at most ${MAX_PIXELS} pixels`, `${width} x ${height}`);
    const context = this.#context;
    if (!context) throw this.#invalid("cannot be read: the browser gives no canvas");
    // Setting a size clears the canvas, and may allocate it anew.
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    context.fillStyle = "white";
    context.fillRect(0, 0, width, height);
    context.drawImage(source, 0, 0, width, height);
    return { width, height, data: dropAlpha(context.getImageData(0, 0, width, height).data) };
  }

  #invalid(rule: string, value?: unknown, cause?: unknown): LightsegError {
    const where = this.#where;
    return new LightsegError({ code: "INVALID_IMAGE", where, argument: "picture", rule, value, cause });
  }
}

function dropAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from] ?? 0;
    rgb[to++] = rgba[from + 1] ?? 0;
    rgb[to++] = rgba[from + 2] ?? 0;
  }
  return rgb;
}
