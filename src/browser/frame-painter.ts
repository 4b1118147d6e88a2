import type { ClassShare } from "../inference/class-shares.ts";
import type { Timing } from "../inference/segmenter.ts";
import type { Look } from "./painting/look.ts";

/** How one frame is painted. */
export interface PaintFrameOptions {
  readonly look: Look;
  /** Whether the labels are returned too. */
  readonly labels: boolean;
}

/** A frame segmented and painted by a worker. */
export interface PaintedPicture {
  readonly picture: ImageBitmap;
  /** The classes in the frame, the largest first. */
  readonly found: readonly ClassShare[];
  /** The class of each pixel, row-major; only where it was asked for. */
  readonly labels?: Uint8Array;
  readonly timing: Timing;
}

/**
 * Segments and paints the frames of one video on the worker's device: `CanvasPainter` (painting/) by a 2D
 * canvas, `GpuPainter` (gpu/) by WebGPU shaders.
 */
export interface FramePainter {
  /** @param frame stays the caller's */
  paint(frame: ImageBitmap, options: PaintFrameOptions): Promise<PaintedPicture>;
  dispose(): Promise<void>;
}
