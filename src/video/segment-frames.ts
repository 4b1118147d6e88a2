import { checkKeys, checkParts, invalidArgument } from "../check.ts";
import type { Photo } from "../images/types.ts";
import type { Segmentation, Segmenter } from "../inference/segmenter.ts";
import { mapAhead, readAhead, readNewest, untilAborted } from "../streams.ts";
import { checkSmoothing, segmentSmoothly } from "./smoothing.ts";

/** A frame of a clip or camera: its pixels, and when it is shown. */
export interface VideoFrameInput extends Photo {
  /** In seconds from the start. */
  readonly timestamp: number;
}

/** A frame of a video and its segmentation. */
export interface SegmentedFrame<Frame extends VideoFrameInput = VideoFrameInput> {
  /** In seconds, that of the frame. */
  readonly timestamp: number;
  readonly segmentation: Segmentation;
  /** What was segmented, as it came. */
  readonly frame: Frame;
  /** How many frames were left out between the result before and this one; 0 unless `dropLate` is on. */
  readonly dropped: number;
}

/** Options of `segmentFrames`. */
export interface SegmentFramesOptions {
  /** Ends the iteration: the next result is the signal's reason, thrown. */
  signal?: AbortSignal;
  /**
   * For live sources: of the frames that came while another was segmented, only the newest is kept. Defaults
   * to false: every frame is segmented, and the source waits.
   */
  dropLate?: boolean;
  /**
   * Against flicker: weight of the past in an exponential moving average (EMA) of the scores, from 0 to below
   * 1. Defaults to 0, no smoothing. Higher values are steadier, and lag behind motion.
   */
  smoothing?: number;
}

/**
 * Segments the frames of a clip or camera, in order.
 *
 * The next frames are read and segmented while the last result is used; at most three are held, and more by
 * a segmenter with several networks. With `dropLate` a frame is segmented only when a result is asked for, to
 * be as fresh as possible.
 *
 * @example
 * await using video = await openVideo("street.mp4");
 * for await (const { timestamp, segmentation } of segmentFrames(segmenter, video.frames, { smoothing: 0.6 }))
 *   console.log(timestamp, segmentation.found[0]?.name);
 *
 * @throws LightsegError INVALID_ARGUMENT for a smoothing out of range, and what `segmenter.segment` or the
 *   source throws
 */
export function segmentFrames<Frame extends VideoFrameInput>(
  segmenter: Segmenter,
  frames: AsyncIterable<Frame>,
  options: SegmentFramesOptions = {},
): AsyncIterableIterator<SegmentedFrame<Frame>> {
  checkParts(segmenter, ["segment"], "segmentFrames", "segmenter", "must be what Segmenter.load gives");
  if (typeof frames?.[Symbol.asyncIterator] !== "function")
    throw invalidArgument("segmentFrames", "frames", "must be an async iterable, as openVideo has", frames);
  checkKeys(options, ["signal", "dropLate", "smoothing"], "segmentFrames");
  const { signal, dropLate = false, smoothing = 0 } = options;
  checkSmoothing(smoothing, "segmentFrames");
  const segment = segmentSmoothly(segmenter, smoothing);
  const results = dropLate
    ? segmentEach(readNewest(frames), segment)
    : settleEach(mapAhead(readAhead(frames), segment, segmenter.concurrency));
  return signal ? untilAborted(results, signal) : results;
}

async function* segmentEach<Frame extends VideoFrameInput>(
  frames: AsyncIterable<{ item: Frame; dropped: number }>,
  segment: (frame: Photo) => Promise<Segmentation>,
): AsyncGenerator<SegmentedFrame<Frame>, void, undefined> {
  for await (const { item: frame, dropped } of frames)
    yield { timestamp: frame.timestamp, segmentation: await segment(frame), frame, dropped };
}

async function* settleEach<Frame extends VideoFrameInput>(
  started: AsyncIterable<{ item: Frame; result: Promise<Segmentation> }>,
): AsyncGenerator<SegmentedFrame<Frame>, void, undefined> {
  for await (const { item: frame, result } of started)
    yield { timestamp: frame.timestamp, segmentation: await result, frame, dropped: 0 };
}
