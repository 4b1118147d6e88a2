import { copyPicture } from "./send-picture.ts";
import type { StreamedFrame, StreamOptions } from "./types.ts";
import { VideoFrames } from "./video-frames.ts";
import type { WorkerClient } from "./worker-client.ts";

let streams = 0;

/** See `Segmenter.stream`. */
export async function* streamVideo(
  client: WorkerClient,
  video: HTMLVideoElement,
  { signal, smoothing = 0 }: StreamOptions,
): AsyncGenerator<StreamedFrame, void, undefined> {
  const stream = streams++;
  const frames = new VideoFrames(video);
  try {
    for (;;) {
      const next = await frames.next(signal);
      if (!next) return;
      const { timestamp, dropped } = next;
      const picture = await copyPicture(video);
      // Sent there and back, which copies nothing.
      const question = { kind: "frame", stream, frame: picture, timestamp, smoothing } as const;
      const { segmentation, frame } = await client.ask(question, [picture]);
      if (!segmentation || !frame) throw new TypeError("the worker gave no segmentation");
      signal?.throwIfAborted();
      yield { segmentation, frame, timestamp, dropped };
      frame.close();
    }
  } finally {
    frames.stop();
    // The segmenter may have been disposed of; then there is nothing to end.
    client.ask({ kind: "end", stream }).catch(() => undefined);
  }
}
