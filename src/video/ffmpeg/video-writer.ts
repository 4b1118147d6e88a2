/// <reference lib="esnext.disposable" preserve="true" />
import { open, rm, stat } from "node:fs/promises";
import { checkInteger, checkKeys, checkPath, checkRange } from "../../check.ts";
import { LightsegError } from "../../errors.ts";
import { checkPhoto } from "../../images/check.ts";
import type { Photo } from "../../images/types.ts";
import { outputError, replaceFile, temporaryPath, unreadableRule } from "../../node/files.ts";
import { type Container, containerOf } from "./containers.ts";
import type { ClipDescription } from "./probe.ts";
import { type FfmpegProcess, fileUrl, startFfmpeg } from "./process.ts";

/** Options of `createVideoWriter`. */
export interface VideoWriterOptions {
  /** Size of the frames, in pixels. The clip gets a black line at the right or below where a side is odd. */
  width: number;
  height: number;
  /** Frames a second, 0.01 to 1000. */
  frameRate: number;
  /** The clip whose sound, title and other metadata are copied. Defaults to none. */
  source?: Pick<ClipDescription, "path" | "startTime" | "audioCodecs">;
}

const FRAME_RATES = [0.01, 1000] as const;

/** A clip in the making. */
export interface VideoWriter {
  /** Adds a frame. Resolves when the encoder has taken it: wait for it to hold one frame at most. */
  write(frame: Photo): Promise<void>;
  /** Completes the clip and gives it its name. */
  finish(): Promise<void>;
  /** Gives up: nothing is left. Does nothing after `finish`. */
  discard(): Promise<void>;
  /** Discards what has not been finished. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Writes frames as a clip: H.264 in mp4, m4v, mov and mkv, VP9 in webm, as ffmpeg was built.
 *
 * The bytes go to a temporary file in the same folder, which `finish` renames. An old file of this name stays
 * until then.
 *
 * @example
 * await using writer = await createVideoWriter("out.mp4", { width: 640, height: 480, frameRate: 25 });
 * for (const photo of photos) await writer.write(photo);
 * await writer.finish();
 *
 * @throws LightsegError INVALID_ARGUMENT for a name without one of these endings, or that of the source, and
 *   for a size or rate that cannot be; OUTPUT if the clip cannot be written; NOT_FOUND where the source is
 *   missing or ffmpeg is not installed
 */
export async function createVideoWriter(path: string, options: VideoWriterOptions): Promise<VideoWriter> {
  checkPath(path, "createVideoWriter", "path");
  checkKeys(options, ["width", "height", "frameRate", "source"], "createVideoWriter");
  const container = containerOf(path);
  checkRange(options.frameRate, "createVideoWriter", "frameRate", FRAME_RATES);
  for (const side of ["width", "height"] as const) checkInteger(options[side], "createVideoWriter", side);
  await checkTarget(path, options.source?.path);
  const temporary = temporaryPath(path);
  // Made here, since the system's reasons for a refusal are clearer than ffmpeg's.
  const file = await open(temporary, "wx").catch((cause: unknown) => {
    throw outputError(path, cause);
  });
  await file.close();
  try {
    const encoder = await startFfmpeg("ffmpeg", encoderArguments(container, temporary, options));
    // Nobody reads it, and it must not fill up.
    encoder.stdout.resume();
    const { width, height } = options;
    return new FfmpegWriter(encoder, { path, temporary, width, height });
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

interface Destination {
  readonly path: string;
  readonly temporary: string;
  readonly width: number;
  readonly height: number;
}

class FfmpegWriter implements VideoWriter {
  readonly #encoder: FfmpegProcess;
  readonly #to: Destination;
  #frames = 0;
  #isDone = false;

  constructor(encoder: FfmpegProcess, to: Destination) {
    this.#encoder = encoder;
    this.#to = to;
  }

  async write(frame: Photo): Promise<void> {
    checkPhoto(frame, "writeVideo");
    const { width, height } = this.#to;
    if (frame.width !== width || frame.height !== height) {
      throw new LightsegError({
        code: "INVALID_IMAGE",
        where: "writeVideo",
        argument: "frame",
        rule: `must be ${width} x ${height} as the clip`,
        value: `${frame.width} x ${frame.height}`,
      });
    }
    const failed = await new Promise<Error | null | undefined>((resolve) => {
      this.#encoder.stdin.write(frame.data, resolve);
    });
    if (failed) throw await this.#failure(failed);
    this.#frames++;
  }

  async finish(): Promise<void> {
    const { path, temporary } = this.#to;
    try {
      this.#encoder.stdin.end();
      const { code } = await this.#encoder.ended;
      if (code !== 0) throw await this.#failure();
      if (this.#frames === 0) throw new Error("there are no frames");
      await syncFile(temporary);
      await replaceFile(temporary, path);
      this.#isDone = true;
    } catch (cause) {
      throw cause instanceof LightsegError ? cause : outputError(path, cause);
    } finally {
      await this.discard();
    }
  }

  async discard(): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#encoder.kill();
    await this.#encoder.ended;
    await rm(this.#to.temporary, { force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.discard();
  }

  /** Why the encoder stopped, in its own words. */
  async #failure(cause?: Error): Promise<LightsegError> {
    const { message } = await this.#encoder.ended;
    return outputError(this.#to.path, new Error(message || "the encoder stopped", { cause }));
  }
}

function encoderArguments(
  { format, audioCodecs, options }: Container,
  temporary: string,
  { width, height, frameRate, source }: VideoWriterOptions,
): string[] {
  const { startTime = 0 } = source ?? {};
  const frames = ["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", `${width}x${height}`];
  const timing = ["-framerate", String(frameRate), "-itsoffset", String(startTime)];
  const isCopied = source?.audioCodecs.every((codec) => audioCodecs.test(codec));
  const sound = source
    ? [
        ...["-i", fileUrl(source.path), "-map", "0:v", "-map", "1:a?", "-map_metadata", "1"],
        ...(isCopied ? ["-c:a", "copy"] : []),
      ]
    : [];
  return [
    ...[...frames, ...timing, "-i", "pipe:0", ...sound],
    // Players take the colors of a clip that says nothing for BT.709 or BT.601 by its size; so it says.
    ...["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"],
    ...["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"],
    // Otherwise copies of the first frame would fill the gap before it. ffmpeg 5.1 and later know the option.
    ...(startTime > 0 ? ["-fps_mode", "vfr"] : []),
    ...[...options, "-f", format, "-y", fileUrl(temporary)],
  ];
}

/** Finds out what would go wrong at the end while it costs nothing. */
async function checkTarget(path: string, source: string | undefined): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory())
    throw outputError(path, Object.assign(new Error("is a folder"), { code: "EISDIR" }));
  if (source === undefined) return;
  const read = await stat(source).catch((cause: unknown) => {
    const about = { where: "createVideoWriter", file: source, argument: "source", cause } as const;
    throw new LightsegError({ code: "NOT_FOUND", ...about, rule: unreadableRule(source, cause) });
  });
  if (!there || read.dev !== there.dev || read.ino !== there.ino) return;
  const rule = "must not be the clip that is read";
  const where = "createVideoWriter";
  throw new LightsegError({ code: "INVALID_ARGUMENT", where, file: path, argument: "the clip", rule });
}

/** A rename may reach the disk before the bytes do; after a power cut the file would be empty. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
