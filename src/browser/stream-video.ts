import { sizeWithin } from "../images/resample.ts";
import type { Answer, Question } from "./messages.ts";
import { copyPicture } from "./send-picture.ts";
import type { PaintedFrame, PaintOptions, StreamedFrame, StreamOptions } from "./types.ts";
import { type ShownFrame, VideoFrames } from "./video-frames.ts";
import type { WorkerClient } from "./worker-client.ts";

/** See `Segmenter.stream`. */
export async function* streamVideo(
  client: WorkerClient,
  video: HTMLVideoElement,
  { signal, smoothing = 0 }: StreamOptions,
): AsyncGenerator<StreamedFrame, void, undefined> {
  // Frames are sent there and back, which copies nothing.
  const answers = askForFrames(client, video, {
    signal,
    ask: (stream, frame) => ({ kind: "frame", stream, frame, smoothing }),
  });
  for await (const { answer, ...shown } of answers) {
    const { segmentation, frame } = answer;
    if (!segmentation || !frame) throw new TypeError("the worker gave no segmentation");
    yield { segmentation, frame, ...shown };
    frame.close();
  }
}

/** See `Segmenter.paint`. */
export async function* paintVideo(
  client: WorkerClient,
  video: HTMLVideoElement,
  { signal, smoothing = 0, look = () => ({}), labels = false, maxPixels }: PaintOptions & MaxPixels,
): AsyncGenerator<PaintedFrame, void, undefined> {
  const answers = askForFrames(client, video, {
    ...{ signal, maxPixels },
    ask: (stream, frame) => ({ kind: "paint", stream, frame, smoothing, options: { look: look(), labels } }),
  });
  for await (const { answer, ...shown } of answers) {
    if (!answer.painted) throw new TypeError("the worker painted nothing");
    yield { ...answer.painted, ...shown };
    answer.painted.picture.close();
  }
}

interface MaxPixels {
  /** Of a frame; larger ones are shrunk. */
  readonly maxPixels: number;
}

interface AskOptions extends Partial<MaxPixels> {
  readonly signal: AbortSignal | undefined;
  readonly ask: (stream: number, frame: ImageBitmap) => Question;
}

let streams = 0;

/** What the worker answers to each frame that it has time for. */
async function* askForFrames(
  client: WorkerClient,
  video: HTMLVideoElement,
  { signal, ask, maxPixels = Number.POSITIVE_INFINITY }: AskOptions,
): AsyncGenerator<ShownFrame & { answer: Answer }, void, undefined> {
  const stream = streams++;
  const frames = new VideoFrames(video);
  try {
    for (;;) {
      const shown = await frames.next(signal);
      if (!shown) return;
      const picture = await copyPicture(video, shrinkOptions(video, maxPixels));
      const answer = await client.ask(ask(stream, picture), [picture]);
      signal?.throwIfAborted();
      yield { answer, ...shown };
    }
  } finally {
    frames.stop();
    // The segmenter may have been disposed of; then there is nothing to end.
    client.ask({ kind: "end", stream }).catch(() => undefined);
  }
}

function shrinkOptions(
  { videoWidth, videoHeight }: HTMLVideoElement,
  maxPixels: number,
): ImageBitmapOptions | undefined {
  if (videoWidth * videoHeight <= maxPixels) return undefined;
  const { width, height } = sizeWithin({ width: videoWidth, height: videoHeight }, maxPixels);
  return { resizeWidth: width, resizeHeight: height, resizeQuality: "medium" };
}
