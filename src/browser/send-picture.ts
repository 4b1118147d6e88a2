import { kindOf, LightsegError, messageOf } from "../errors.ts";
import { resolveAddress } from "./addresses.ts";
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
 * @param where the function that was called, for errors
 * @throws LightsegError NOT_FOUND or RUNTIME for an address that cannot be fetched, INVALID_IMAGE for
 *   anything that is no picture
 */
export async function makeSendable(source: PictureSource, where: string): Promise<SendablePicture> {
  if (typeof source === "string" || isOfKind(source, "URL")) {
    const response = await request(resolveAddress(source));
    return { picture: await response.blob(), transfer: [] };
  }
  if (isOfKind(source, "Blob", "File", "ImageData")) return { picture: source, transfer: [] };
  if (isOfKind(source, "VideoFrame")) {
    const copy = cloneFrame(source, where);
    return { picture: copy, transfer: [copy] };
  }
  if (isOfKind(source, "ImageBitmap", "OffscreenCanvas", ...elements)) {
    const copy = await copyPicture(source, where);
    return { picture: copy, transfer: [copy] };
  }
  // The worker looks at its parts.
  if (isOfKind(source, "Object")) return { picture: source, transfer: [] };
  const rule = "must be a picture";
  const value = kindOf(source);
  throw new LightsegError({ code: "INVALID_IMAGE", where, argument: "picture", rule, value });
}

/** Closes pictures that were not moved to a worker after all, and passes the error on. */
export function closeAll(transfer: readonly Transferable[]): (error: unknown) => never {
  return (error) => {
    for (const item of transfer) if ("close" in item) item.close();
    throw error;
  };
}

function cloneFrame(frame: VideoFrame, where: string): VideoFrame {
  try {
    return frame.clone();
  } catch (cause) {
    throw unreadable(where, "VideoFrame", cause);
  }
}

const elements = ["HTMLImageElement", "HTMLCanvasElement", "HTMLVideoElement"] as const;

/** The picture that an element shows now. @param options a size, where it is to have another */
export async function copyPicture(
  source: Drawable,
  where: string,
  options?: ImageBitmapOptions,
): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(source, options);
  } catch (cause) {
    throw unreadable(
      where,
      kindOf(source),
      cause,
      "is it loaded, and from this site or one that allows it (CORS)?",
    );
  }
}

type Drawable = Kinds["ImageBitmap" | "OffscreenCanvas" | (typeof elements)[number]];

/** What is told apart by name: not all of it is there in workers and in older browsers. */
interface Kinds {
  URL: URL;
  Blob: Blob;
  File: File;
  ImageData: ImageData;
  ImageBitmap: ImageBitmap;
  VideoFrame: VideoFrame;
  OffscreenCanvas: OffscreenCanvas;
  HTMLImageElement: HTMLImageElement;
  HTMLCanvasElement: HTMLCanvasElement;
  HTMLVideoElement: HTMLVideoElement;
  Object: Extract<PictureSource, { readonly data: Uint8Array }>;
}

function isOfKind<K extends keyof Kinds>(value: unknown, ...kinds: readonly K[]): value is Kinds[K] {
  return kinds.some((kind) => kind === kindOf(value));
}

function unreadable(where: string, argument: string, cause: unknown, hint?: string): LightsegError {
  const rule = `has no picture that can be read: ${messageOf(cause)}`;
  return new LightsegError({ code: "INVALID_IMAGE", where, argument, rule, hint, cause });
}
