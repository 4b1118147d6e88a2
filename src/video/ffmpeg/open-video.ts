/// <reference lib="esnext.disposable" preserve="true" />

import type { Readable } from "node:stream";
import { pathOf } from "../../node/files.ts";
import { plural } from "../../plural.ts";
import type { VideoFrameInput } from "../segment-frames.ts";
import { type ClipDescription, invalidClip, probeClip } from "./probe.ts";
import { type FfmpegEnd, type FfmpegProcess, fileUrl, startFfmpeg } from "./process.ts";

/** A clip whose frames can be read. */
export interface Video extends ClipDescription {
  /**
   * The frames in order, decoded as they are asked for; each iteration starts from the beginning.
   *
   * Upright, with square pixels, of the first frame's size, and at the constant average rate, which keeps a
   * clip of variable rate in step with its sound.
   *
   * @throws LightsegError INVALID_IMAGE for a clip that is cut off, after the frames that are there
   */
  readonly frames: AsyncIterable<VideoFrameInput>;
  /** Stops every iteration under way; the next frame of each is its end. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens a clip of any format that ffmpeg reads, by its path or file URL.
 *
 * @example
 * await using video = await openVideo("street.mp4");
 * for await (const { timestamp, width, height, data } of video.frames) console.log(timestamp, data.length);
 *
 * @throws LightsegError NOT_FOUND if the clip or ffmpeg is not there, INVALID_IMAGE for a file that is no
 *   clip, INVALID_ARGUMENT for anything but a file, such as an address of the web
 */
export async function openVideo(path: string | URL): Promise<Video> {
  const clip = await probeClip(pathOf(path, "openVideo", "path", "download a clip of the web first"));
  const decoders: Decoders = { running: new Set(), closed: 0 };
  const close = async () => {
    decoders.closed++;
    const open = [...decoders.running];
    decoders.running.clear();
    for (const decoder of open) decoder.kill();
    await Promise.all(open.map(({ ended }) => ended));
  };
  return {
    ...clip,
    frames: { [Symbol.asyncIterator]: () => decodeFrames(clip, decoders) },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Decoders {
  readonly running: Set<FfmpegProcess>;
  /** How often the video was closed: a decoder that starts meanwhile is not among those running. */
  closed: number;
}

async function* decodeFrames(
  clip: ClipDescription,
  decoders: Decoders,
): AsyncGenerator<VideoFrameInput, void, undefined> {
  const { closed, running } = decoders;
  const { path, width, height, frameRate, startTime, colorMatrix } = clip;
  const matrix = colorMatrix === undefined ? "" : `:in_color_matrix=${colorMatrix}`;
  const decoder = await startFfmpeg("ffmpeg", [
    ...["-nostdin", "-i", fileUrl(path), "-map", "0:V:0"],
    // The video may begin later than the sound; without the last filter that gap would be filled with copies.
    ...["-vf", `fps=${frameRate},scale=${width}:${height}${matrix},setsar=1,setpts=PTS-STARTPTS`],
    ...["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"],
  ]);
  running.add(decoder);
  try {
    if (decoders.closed > closed) return;
    let count = 0;
    for await (const data of splitFrames(decoder.stdout, 3 * width * height)) {
      yield { timestamp: startTime + count / frameRate, width, height, data };
      count++;
    }
    checkEnd(clip, { count, ...(await decoder.ended) });
  } catch (error) {
    // One that `close` has ended looks like one that broke off.
    if (running.has(decoder)) throw error;
  } finally {
    running.delete(decoder);
    decoder.kill();
    await decoder.ended;
  }
}

/** Frames by which a whole clip may fall short of its stated length, by rounding or a late keyframe. */
function allowedShortfall(frameCount: number): number {
  return Math.max(2, frameCount / 100);
}

function checkEnd(
  { path, frameCount, hasKnownLength }: ClipDescription,
  { count, code, message }: FfmpegEnd & { count: number },
): void {
  const isCut = hasKnownLength && count < frameCount - allowedShortfall(frameCount);
  if (code === 0 && count > 0 && !isCut) return;
  const said = message && `: ${message}`;
  throw invalidClip(
    path,
    `ends early: ${count} of about ${plural(frameCount, "frame")} could be read${said}`,
    "the file is damaged or was not copied whole; ffmpeg -i FILE -c copy NEW keeps the part that is there",
  );
}

/** Cuts a stream of bytes into pieces of one size. Left-over bytes are no whole frame and are dropped. */
async function* splitFrames(stream: Readable, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  let frame = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("the stream gives no bytes");
    for (let taken = 0; taken < chunk.length; ) {
      const part = chunk.subarray(taken, taken + size - filled);
      frame.set(part, filled);
      taken += part.length;
      filled += part.length;
      if (filled < size) continue;
      yield frame;
      frame = new Uint8Array(size);
      filled = 0;
    }
  }
}
