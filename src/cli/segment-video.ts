import { dirname, extname, join, parse } from "node:path";
import { formatTable } from "../format-table.ts";
import { drawOverlay } from "../images/overlay.ts";
import type { Photo } from "../images/types.ts";
import type { Segmentation, Segmenter } from "../inference/segmenter.ts";
import { makeFolder } from "../node/files.ts";
import { plural } from "../plural.ts";
import { isWritableClip } from "../video/ffmpeg/containers.ts";
import { openVideo, type Video } from "../video/ffmpeg/open-video.ts";
import { createVideoWriter } from "../video/ffmpeg/video-writer.ts";
import { segmentFrames } from "../video/segment-frames.ts";
import type { Arguments, Option, Outcome } from "./arguments.ts";
import { flag, real } from "./options.ts";
import { colors, formatDuration, formatShare, log } from "./output.ts";
import { withInterrupt } from "./with-interrupt.ts";

const CLIP = /\.(mp4|m4v|mov|mkv|webm|avi|mpe?g|m?ts|m2ts|wmv|flv|3gp|ogv)$/i;

export const labels = flag("labels", "For a clip: write the class colors alone, instead of the overlay");
export const smoothing = real(
  "smoothing",
  "X",
  { min: 0, max: 0.99 },
  "For a clip: share of earlier frames in the logits, against flicker, 0..0.99 (default 0)",
);

export interface SegmentVideoOptions {
  /** A folder, or a file name that ends as clips do. */
  out: string;
  labels: boolean;
  smoothing: number | undefined;
  opacity: number | undefined;
  load: () => Promise<Segmenter & AsyncDisposable>;
}

/**
 * The clip that is meant; undefined where photos are.
 *
 * @param photosOnly options that a clip does not have
 * @throws LightsegError INVALID_ARGUMENT for a clip beside something else, or options that do not fit
 */
export function findClip(args: Arguments, photosOnly: readonly Option<unknown>[]): string | undefined {
  const clip = args.operands.find((operand) => CLIP.test(operand));
  const misplaced = (clip === undefined ? [labels, smoothing] : photosOnly).find((option) =>
    args.has(option),
  );
  if (misplaced) {
    const rule = clip === undefined ? "is for clips only" : "is for photos only";
    throw args.usageError(`--${misplaced.name}`, rule);
  }
  if (clip !== undefined && args.operands.length > 1)
    throw args.usageError(clip, "is a clip, which must be the only argument: segment clips one at a time");
  return clip;
}

/** Writes a clip in which every frame shows its classes. */
export async function segmentVideo(
  path: string,
  { out, load, ...options }: SegmentVideoOptions,
  print: (text: string) => void,
): Promise<Outcome> {
  await using video = await openVideo(path);
  const target = outputOf(path, out, options.labels);
  await using segmenter = await load();
  await makeFolder(dirname(target));
  const { width, height, frameRate } = video;
  const tally = new ClipTally(video);
  const stopped = () => {
    log(`stopped after ${plural(tally.frames, "frame")}; nothing was written`);
    return { clip: path, stopped: true, frames: tally.frames };
  };
  // Awaited here: clip and model are freed when this function returns.
  return await withInterrupt({ note: "stopping", stopped }, async ({ progress, signal }) => {
    try {
      await using writer = await createVideoWriter(target, { width, height, frameRate, source: video });
      const { smoothing } = options;
      for await (const { segmentation } of segmentFrames(segmenter, video.frames, { smoothing, signal })) {
        await writer.write(draw(segmentation, options));
        tally.add(segmentation);
        progress.update("frame", tally.frames, Math.max(tally.frames, video.frameCount), tally.speed());
      }
      await writer.finish();
    } catch (error) {
      // Ctrl-C reaches ffmpeg too, so its pipes may fail before the signal is seen.
      signal.throwIfAborted();
      throw error;
    }
    progress.end();
    print(`${tally.describe()}\n  wrote ${target}`);
    return { json: { clip: path, out: target, ...tally.toJson() } };
  });
}

function draw(
  { photo, palette, labels: data }: Segmentation,
  options: { labels: boolean; opacity?: number },
): Photo {
  const { width, height } = photo;
  const style = options.labels ? { opacity: 1, contours: false } : { opacity: options.opacity };
  return drawOverlay(photo, { width, height, data }, palette, style);
}

function outputOf(clip: string, out: string, isLabels: boolean): string {
  // A clip of a kind that cannot be written is refused by the writer, not taken for a folder.
  if (CLIP.test(out)) return out;
  const ending = isWritableClip(clip) ? extname(clip) : ".mp4";
  return join(out, `${parse(clip).name}.${isLabels ? "labels" : "overlay"}${ending}`);
}

/** What was found in a clip so far, and how fast. */
class ClipTally {
  readonly #video: Video;
  readonly #classes = new Map<number, { name: string; share: number }>();
  #frames = 0;
  /** Of the first result: the engine takes its time to get there. */
  #start = 0;

  constructor(video: Video) {
    this.#video = video;
  }

  get frames(): number {
    return this.#frames;
  }

  add({ found }: Segmentation): void {
    if (this.#frames === 0) this.#start = performance.now();
    this.#frames++;
    for (const { label, name, share } of found)
      this.#classes.set(label, { name, share: share + (this.#classes.get(label)?.share ?? 0) });
  }

  speed(): string {
    const framesPerSecond = this.#framesPerSecond;
    if (framesPerSecond === undefined) return "";
    const left = Math.max(0, this.#video.frameCount - this.#frames) / framesPerSecond;
    return `${framesPerSecond.toFixed(1)} frames/s  ${formatDuration(left)} left`;
  }

  /** Undefined for a single frame. */
  get #framesPerSecond(): number | undefined {
    const seconds = (performance.now() - this.#start) / 1000;
    return this.#frames > 1 ? (this.#frames - 1) / seconds : undefined;
  }

  describe(): string {
    const { path, width, height, frameRate } = this.#video;
    const rows = this.#shares().map(({ name, share }) => [name, formatShare(share)]);
    return [
      `${colors.bold(path)}  ${width}x${height}, ${plural(this.#frames, "frame")}, ${frameRate.toFixed(2)} frames/s`,
      formatTable(rows, "  "),
    ].join("\n");
  }

  toJson(): Record<string, unknown> {
    const { width, height, frameRate } = this.#video;
    const framesPerSecond = this.#framesPerSecond;
    return { width, height, frameRate, frames: this.#frames, classes: this.#shares(), framesPerSecond };
  }

  /** Mean over the frames, the largest first. */
  #shares(): { label: number; name: string; share: number }[] {
    return [...this.#classes]
      .map(([label, { name, share }]) => ({ label, name, share: share / this.#frames }))
      .sort((a, b) => b.share - a.share);
  }
}
