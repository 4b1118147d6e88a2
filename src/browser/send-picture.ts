import { LightsegError, messageOf } from "../errors.ts";
import type { Picture } from "./protocol.ts";
import { request } from "./request.ts";
import type { PictureSource } from "./types.ts";

/** A picture that can be sent, and what of it is moved when it is: never what belongs to the caller. */
export interface SendablePicture {
  readonly picture: Picture;
  readonly transfer: Transferable[];
}

/**
 * Makes a picture fit to be sent to a worker; decoding and reading its pixels is left to the worker.
 *
 * @throws LightsegError NOT_FOUND or RUNTIME for an address that cannot be fetched, INVALID_IMAGE for an
 *   element without a picture
 */
export async function makeSendable(source: PictureSource): Promise<SendablePicture> {
  if (typeof source === "string" || source instanceof URL) {
    const response = await request(new URL(source, document.baseURI));
    return { picture: await response.blob(), transfer: [] };
  }
  if (source instanceof Blob || source instanceof ImageData) return { picture: source, transfer: [] };
  if (source instanceof VideoFrame) {
    const copy = source.clone();
    return { picture: copy, transfer: [copy] };
  }
  if (isDrawable(source)) {
    const copy = await copyPicture(source);
    return { picture: copy, transfer: [copy] };
  }
  return { picture: source, transfer: [] };
}

/** The picture that an element shows now. @param options a size, where it is to have another */
export async function copyPicture(source: Drawable, options?: ImageBitmapOptions): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(source, options);
  } catch (cause) {
    throw new LightsegError({
      code: "INVALID_IMAGE",
      where: "segment",
      argument: source.constructor.name,
      rule: `has no picture that can be read: ${messageOf(cause)}`,
      hint: "is it loaded, and from this site or one that allows it (CORS)?",
      cause,
    });
  }
}

type Drawable = ImageBitmap | HTMLImageElement | HTMLCanvasElement | OffscreenCanvas | HTMLVideoElement;

function isDrawable(source: PictureSource): source is Drawable {
  return (
    source instanceof ImageBitmap ||
    source instanceof HTMLImageElement ||
    source instanceof HTMLCanvasElement ||
    source instanceof OffscreenCanvas ||
    source instanceof HTMLVideoElement
  );
}
