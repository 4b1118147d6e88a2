import type { ClassShare } from "../../inference/class-shares.ts";
import type { Timing } from "../../inference/segmenter.ts";
import type { Look } from "./look.ts";

export interface PaintFrameOptions {
  readonly look: Look;
  /** Whether the labels are wanted too. */
  readonly labels: boolean;
}

/** What a worker gives for a frame. */
export interface PaintedPicture {
  readonly picture: ImageBitmap;
  /** The classes in it, the largest first. */
  readonly found: readonly ClassShare[];
  /** The class of each pixel, row-major; where it was asked for. */
  readonly labels?: Uint8Array;
  readonly timing: Timing;
}

/** Segments and paints the frames of one video, on the device of the worker. */
export interface FramePainter {
  /** @param frame stays the caller's */
  paint(frame: ImageBitmap, options: PaintFrameOptions): Promise<PaintedPicture>;
  dispose(): Promise<void>;
}
