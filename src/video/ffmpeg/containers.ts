import { extname } from "node:path";
import { LightsegError } from "../../errors.ts";

/** A file format for clips. */
export interface Container {
  /** ffmpeg's name. */
  readonly format: string;
  /** Codecs of sound that may be copied into it; others are encoded anew. */
  readonly audioCodecs: RegExp;
  readonly options: readonly string[];
}

const MP4_AUDIO = "aac|mp3|ac3|eac3|alac|opus|flac";
/** The index in front, so that a browser can start to play before it has everything. */
const INDEX_FIRST = ["-movflags", "+faststart"];
const mp4: Container = { format: "mp4", audioCodecs: new RegExp(`^(${MP4_AUDIO})$`), options: INDEX_FIRST };

const containers: Readonly<Record<string, Container>> = {
  ".mp4": mp4,
  ".m4v": mp4,
  ".mov": { format: "mov", audioCodecs: new RegExp(`^(${MP4_AUDIO}|pcm_.*)$`), options: INDEX_FIRST },
  ".mkv": { format: "matroska", audioCodecs: /./, options: [] },
  ".webm": {
    format: "webm",
    audioCodecs: /^(opus|vorbis)$/,
    options: ["-deadline", "realtime", "-cpu-used", "6"],
  },
};

/** The endings of clips that can be written. */
const clipEndings: readonly string[] = Object.keys(containers);

/** Whether a clip can be written under this name. */
export function isWritableClip(path: string): boolean {
  return Object.hasOwn(containers, extname(path).toLowerCase());
}

/** @throws LightsegError INVALID_ARGUMENT for a name that ends otherwise */
export function containerOf(path: string): Container {
  const container = containers[extname(path).toLowerCase()];
  if (container) return container;
  const rule = `must end in ${clipEndings.join(", ")}`;
  const where = "createVideoWriter";
  throw new LightsegError({ code: "INVALID_ARGUMENT", where, file: path, argument: "the clip", rule });
}
