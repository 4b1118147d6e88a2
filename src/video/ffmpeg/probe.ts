import { stat } from "node:fs/promises";
import { z } from "zod";
import { LightsegError } from "../../errors.ts";
import { MAX_PIXELS } from "../../images/check.ts";
import { unreadableRule } from "../../node/files.ts";
import { fileUrl, startFfmpeg } from "./process.ts";

/** Facts about a clip, known before its first frame. */
export interface ClipDescription {
  readonly path: string;
  /** Size of the frames as players show them, upright and with square pixels. */
  readonly width: number;
  readonly height: number;
  /** Frames a second, on average. */
  readonly frameRate: number;
  /** When the first frame is shown, in seconds; above 0 where the sound begins before it. */
  readonly startTime: number;
  /** How many frames there should be; may be off by a few. */
  readonly frameCount: number;
  /** Whether the file itself says how long its video is, so that an early end means that it was cut off. */
  readonly hasKnownLength: boolean;
  /** ffmpeg's name of the YUV matrix, where the file names none and ffmpeg would wrongly take BT.601. */
  readonly colorMatrix?: string;
  /** ffmpeg's names of the sound tracks' codecs. */
  readonly audioCodecs: readonly string[];
}

/** Where the file does not say it in any sensible way. */
const USUAL_FRAME_RATE = 30;
/** More frames a second are the clock of a container, not a camera's. */
const HIGHEST_FRAME_RATE = 960;

/** From so many lines on, players take BT.709 for clips that name no matrix; below, BT.601. */
const HD_LINES = 720;

const number = z.coerce.number().optional().catch(undefined);
const streamSchema = z.object({
  codec_type: z.string().optional(),
  codec_name: z.string().default("unknown"),
  width: z.number().int().positive().optional(),
  height: z.number().int().positive().optional(),
  pix_fmt: z.string().default(""),
  color_space: z.string().optional(),
  sample_aspect_ratio: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  r_frame_rate: z.string().optional(),
  start_time: number,
  duration: number,
  nb_frames: number,
  nb_read_packets: number,
  disposition: z.object({ attached_pic: z.number() }).partial().default({}),
  tags: z.object({ DURATION: z.string(), rotate: z.string() }).partial().default({}),
  side_data_list: z.array(z.object({ rotation: z.number() }).partial()).default([]),
});
const clipSchema = z.object({
  streams: z.array(streamSchema).default([]),
  format: z.object({ start_time: number, duration: number }).default({}),
});
type Stream = z.output<typeof streamSchema>;

/**
 * Asks ffprobe about a clip.
 *
 * @throws LightsegError NOT_FOUND if the clip or ffprobe is not there, INVALID_IMAGE for a file that is no
 *   clip
 */
export async function probeClip(path: string): Promise<ClipDescription> {
  const status = await stat(path).catch((cause: unknown) => {
    throw new LightsegError({
      code: "NOT_FOUND",
      where: "openVideo",
      file: path,
      argument: "the clip",
      rule: unreadableRule(path, cause),
      cause,
    });
  });
  if (!status.isFile()) throw invalidClip(path, "must be a file");
  if (status.size === 0) throw invalidClip(path, "is empty");
  const { streams, format } = await probe(path, []);
  const video = streams.find(isVideo);
  if (!video?.width || !video.height) {
    const hint = `it holds ${streams.length === 0 ? "nothing that ffmpeg knows" : "only sound or other data"}`;
    throw invalidClip(path, "has no video stream", hint);
  }
  const { width, height } = shownSize(video, video.width, video.height);
  if (width * height > MAX_PIXELS)
    throw invalidClip(path, `must have frames of at most ${MAX_PIXELS} pixels, not ${width} x ${height}`);
  const frameRate = frameRateOf(video);
  const delay = (video.start_time ?? 0) - (format.start_time ?? 0);
  const length = storedLength(video);
  const seconds = length ?? video.duration ?? format.duration;
  return {
    path,
    width,
    height,
    frameRate,
    startTime: delay * frameRate >= 0.5 ? delay : 0,
    frameCount: seconds === undefined ? await countPackets(path) : Math.round(seconds * frameRate),
    hasKnownLength: length !== undefined,
    ...(lacksMatrix(video) && video.height >= HD_LINES && { colorMatrix: "bt709" }),
    audioCodecs: streams
      .filter(({ codec_type }) => codec_type === "audio")
      .map(({ codec_name }) => codec_name),
  };
}

async function probe(path: string, args: readonly string[]): Promise<z.output<typeof clipSchema>> {
  const process = await startFfmpeg("ffprobe", [
    ...["-of", "json", "-show_streams", "-show_format"],
    ...args,
    fileUrl(path),
  ]);
  let text = "";
  for await (const chunk of process.stdout.setEncoding("utf8")) text += chunk;
  const { code, message } = await process.ended;
  if (code !== 0) {
    const hint = /moov atom/.test(message) ? "the end of the file, with its index, is missing" : undefined;
    throw invalidClip(path, `cannot be read as a clip: ${message || "ffprobe failed"}`, hint);
  }
  return clipSchema.parse(JSON.parse(text));
}

/** Covers of music files are videos of one picture to ffmpeg. */
function isVideo({ codec_type, disposition }: Stream): boolean {
  return codec_type === "video" && disposition.attached_pic !== 1;
}

/** Whether a stream of YUV pixels does not say how they become RGB. */
function lacksMatrix({ color_space = "unknown", pix_fmt }: Stream): boolean {
  return (
    ["unknown", "unspecified", "reserved"].includes(color_space) && /^(yuv|nv|p0|p2|y2|uyvy)/.test(pix_fmt)
  );
}

function shownSize(stream: Stream, width: number, height: number): { width: number; height: number } {
  const square = Math.max(1, Math.round(width * (parseRatio(stream.sample_aspect_ratio, ":") ?? 1)));
  const rotation =
    stream.side_data_list.find((data) => data.rotation !== undefined)?.rotation ??
    Number(stream.tags.rotate ?? 0);
  // Only quarter turns change sides.
  return Math.round(Math.abs(rotation) / 90) % 2 === 1
    ? { width: height, height: square }
    : { width: square, height };
}

function frameRateOf({ avg_frame_rate, r_frame_rate }: Stream): number {
  const rates = [avg_frame_rate, r_frame_rate].map((text) => parseRatio(text, "/"));
  return rates.find((rate) => rate !== undefined && rate <= HIGHEST_FRAME_RATE) ?? USUAL_FRAME_RATE;
}

/** @returns undefined for what is no ratio of two positive numbers */
function parseRatio(text: string | undefined, sign: string): number | undefined {
  const [above = 0, below = 0] = (text ?? "").split(sign).map(Number);
  return above > 0 && below > 0 ? above / below : undefined;
}

/** Seconds of video as stated: by the frame index of MP4 and MOV, by a tag of Matroska and WebM. */
function storedLength({ nb_frames, duration, start_time = 0, tags }: Stream): number | undefined {
  if (nb_frames !== undefined) return duration;
  const [, hours, minutes, seconds] = /^(\d+):(\d+):([\d.]+)$/.exec(tags.DURATION ?? "") ?? [];
  if (seconds === undefined) return undefined;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) - start_time;
}

/** Reads the whole file without decoding it, for clips of browsers, which do not state a length. */
async function countPackets(path: string): Promise<number> {
  const { streams } = await probe(path, ["-count_packets"]);
  return streams.find(isVideo)?.nb_read_packets ?? 0;
}

/** The error for a file that cannot be read as a clip. */
export function invalidClip(path: string, rule: string, hint?: string): LightsegError {
  const where = "openVideo";
  return new LightsegError({ code: "INVALID_IMAGE", where, file: path, argument: "the clip", rule, hint });
}
