import { invalidArgument } from "../check.ts";
import { kindOf } from "../errors.ts";
import { sizeWithin } from "../images/resample.ts";
import type { SegmenterClient } from "./open-device.ts";
import { checkLook } from "./painting/look.ts";
import type { SegmenterProtocol } from "./protocol.ts";
import { closeAll, copyPicture } from "./send-picture.ts";
import type { PaintedFrame, PaintOptions, StreamedFrame, StreamOptions } from "./types.ts";
import { hasPicture, type ShownFrame, VideoFrames } from "./video-frames.ts";

/** Does something with the worker: with a new one where the device was lost meanwhile. */
export type UseWorker = <T>(work: (client: SegmenterClient) => Promise<T>) => Promise<T>;

/** See `Segmenter.stream`. */
export async function* streamVideo(
  use: UseWorker,
  video: HTMLVideoElement,
  { signals, smoothing = 0 }: Omit<StreamOptions, "signal"> & Signals,
): AsyncGenerator<StreamedFrame, void, undefined> {
  // Frames are moved to the worker and back, not copied.
  const answers = askForFrames(use, video, "frame", {
    signals,
    request: (stream, frame) => ({ stream, frame, smoothing }),
  });
  for await (const { answer, ...shown } of answers) {
    yield { ...answer, ...shown };
    answer.frame.close();
  }
}

/** See `Segmenter.paint`. */
export async function* paintVideo(
  use: UseWorker,
  video: HTMLVideoElement,
  { signals, smoothing = 0, look = () => ({}), labels = false, maxPixels }: PaintVideoOptions,
): AsyncGenerator<PaintedFrame, void, undefined> {
  const answers = askForFrames(use, video, "paint", {
    ...{ signals, maxPixels },
    request: (stream, frame) => ({ stream, frame, smoothing, options: { look: checkLook(look()), labels } }),
  });
  for await (const { answer, ...shown } of answers) {
    const { painted, frame } = answer;
    frame.close();
    yield { ...painted, ...shown };
    painted.picture.close();
  }
}

interface Signals {
  /** Each ends the iteration with its reason. */
  readonly signals: readonly AbortSignal[];
}

interface PaintVideoOptions extends Omit<PaintOptions, "signal">, Signals {
  /** Most pixels of a frame; larger ones are shrunk. */
  readonly maxPixels: number;
}

interface AskOptions<K extends "frame" | "paint">
  extends Signals,
    Partial<Pick<PaintVideoOptions, "maxPixels">> {
  readonly request: (stream: number, frame: ImageBitmap) => SegmenterProtocol[K]["request"];
}

/** @throws LightsegError INVALID_ARGUMENT for anything but a video */
export function checkVideo(video: HTMLVideoElement, where: string): void {
  if (kindOf(video) !== "HTMLVideoElement")
    throw invalidArgument(where, "video", "must be an HTMLVideoElement", video);
}

let streams = 0;

/** Sends the worker the newest frame as often as it has time for one, and gives its answers. */
async function* askForFrames<K extends "frame" | "paint">(
  use: UseWorker,
  video: HTMLVideoElement,
  kind: K,
  { signals, request, maxPixels = Number.POSITIVE_INFINITY }: AskOptions<K>,
): AsyncGenerator<ShownFrame & { answer: SegmenterProtocol[K]["answer"] }, void, undefined> {
  const stream = streams++;
  const frames = new VideoFrames(video);
  let last: SegmenterClient | undefined;
  try {
    for (;;) {
      const shown = await frames.next(signals);
      if (!shown) return;
      const asking = use(async (client) => {
        last = client;
        const picture = await copyPicture(video, "stream", shrinkOptions(video, maxPixels));
        // What the page's own functions throw counts too.
        const ask = async () => client.ask(kind, request(stream, picture), [picture]);
        return ask().catch(closeAll([picture]));
      });
      const answer = await asking.catch((error: unknown) => {
        // The source was changed while its frame was read.
        if (hasPicture(video)) throw error;
        return undefined;
      });
      const aborted = signals.find((signal) => signal.aborted);
      if (aborted && answer) closePictures(answer);
      aborted?.throwIfAborted();
      if (answer) yield { answer, ...shown };
    }
  } finally {
    frames.stop();
    // Not by `use`, which would open a lost device again. Fails where the worker is gone, the stream with it.
    last?.ask("end", { stream }).catch(() => undefined);
  }
}

function closePictures(answer: SegmenterProtocol["frame" | "paint"]["answer"]): void {
  answer.frame.close();
  if ("painted" in answer) answer.painted.picture.close();
}

function shrinkOptions(
  { videoWidth, videoHeight }: HTMLVideoElement,
  maxPixels: number,
): ImageBitmapOptions | undefined {
  if (videoWidth * videoHeight <= maxPixels) return undefined;
  const { width, height } = sizeWithin({ width: videoWidth, height: videoHeight }, maxPixels);
  return { resizeWidth: width, resizeHeight: height, resizeQuality: "medium" };
}
