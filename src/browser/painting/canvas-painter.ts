import type { Segmenter } from "../../inference/segmenter.ts";
import { segmentSmoothly } from "../../video/smoothing.ts";
import type { FramePainter, PaintedPicture, PaintFrameOptions } from "../frame-painter.ts";
import { PictureReader } from "../read-picture.ts";
import { hasSoftEdges } from "./look.ts";
import { SegmentationPainter } from "./segmentation-painter.ts";

/** Paints frames by a canvas's 2D context, from labels in the worker's memory. */
export class CanvasPainter implements FramePainter {
  readonly #segment: ReturnType<typeof segmentSmoothly>;
  readonly #pictures = new PictureReader("paint");
  readonly #canvas = new OffscreenCanvas(1, 1);
  readonly #painter = new SegmentationPainter(this.#canvas);

  constructor(segmenter: Segmenter, smoothing: number) {
    this.#segment = segmentSmoothly(segmenter, smoothing);
  }

  async paint(frame: ImageBitmap, { look, labels: isWanted }: PaintFrameOptions): Promise<PaintedPicture> {
    const photo = await this.#pictures.read(frame);
    const segmentation = await this.#segment(photo, { scores: hasSoftEdges(look) });
    const start = performance.now();
    this.#painter.paint(frame, segmentation, look);
    const picture = this.#canvas.transferToImageBitmap();
    const { found, labels, timing } = segmentation;
    const postprocess = timing.postprocess + performance.now() - start;
    return { picture, found, ...(isWanted && { labels }), timing: { ...timing, postprocess } };
  }

  async dispose(): Promise<void> {}
}
