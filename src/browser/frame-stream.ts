import type { Segmentation, Segmenter } from "../inference/segmenter.ts";
import { type SegmentedFrame, segmentFrames, type VideoFrameInput } from "../video/segment-frames.ts";

/** Segments the frames of a video as they are handed in, with what `segmentFrames` keeps between them. */
export class FrameStream {
  readonly #results: AsyncIterator<SegmentedFrame>;
  #deliver: (frame: VideoFrameInput) => void = () => undefined;
  #next = this.#expect();

  constructor(segmenter: Segmenter, smoothing: number) {
    // A frame is taken as soon as it is there, and none before it is asked for.
    this.#results = segmentFrames(segmenter, this.#frames(), { dropLate: true, smoothing });
  }

  async segment(frame: VideoFrameInput): Promise<Segmentation> {
    this.#deliver(frame);
    const { done, value } = await this.#results.next();
    if (done) throw new Error("the stream has ended");
    return value.segmentation;
  }

  async *#frames(): AsyncGenerator<VideoFrameInput, void, undefined> {
    for (;;) {
      const frame = await this.#next;
      this.#next = this.#expect();
      yield frame;
    }
  }

  #expect(): Promise<VideoFrameInput> {
    return new Promise((resolve) => {
      this.#deliver = resolve;
    });
  }
}
