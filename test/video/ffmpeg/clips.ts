import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import type { Photo } from "../../../src/images/types.ts";

const run = promisify(execFile);

/** Tests of clips are skipped where ffmpeg is not on the PATH. */
export const hasFfmpeg = spawnSync("ffmpeg", ["-version"]).status === 0;

/** Runs ffmpeg with a test picture of 64 x 48 that moves as its first input. */
export async function makeClip(path: string, args: readonly string[], rate = "25"): Promise<string> {
  const picture = ["-f", "lavfi", "-i", `testsrc2=size=64x48:rate=${rate}`];
  await run("ffmpeg", ["-v", "error", "-y", ...picture, ...args, path]);
  return path;
}

export const SOUND = ["-f", "lavfi", "-i", "sine=sample_rate=48000:duration=1"];
export const FRAMES = ["-frames:v", "8", "-pix_fmt", "yuv420p"];

const probed = z.object({
  streams: z.array(
    z.object({
      codec_type: z.string(),
      codec_name: z.string(),
      width: z.number().optional(),
      height: z.number().optional(),
      r_frame_rate: z.string(),
      start_time: z.coerce.number(),
      nb_read_frames: z.coerce.number(),
    }),
  ),
  format: z.object({ tags: z.record(z.string(), z.string()).default({}) }),
});

/** What ffprobe finds, with every frame decoded. */
export async function inspectClip(path: string) {
  const args = ["-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", path];
  const { streams, format } = probed.parse(JSON.parse((await run("ffprobe", args)).stdout));
  const of = (type: string) => streams.find(({ codec_type }) => codec_type === type);
  return { video: of("video"), audio: of("audio"), tags: format.tags };
}

/** The hash of the first sound track's packets, as they are stored. */
export async function hashSound(path: string): Promise<string> {
  const args = ["-v", "error", "-i", path, "-map", "0:a", "-c", "copy", "-f", "hash", "-"];
  return (await run("ffmpeg", args)).stdout;
}

/** Mean color of a photo. */
export function meanColor({ data }: Photo): number[] {
  const sums = [0, 0, 0];
  for (const [index, value] of data.entries()) sums[index % 3] = (sums[index % 3] ?? 0) + value;
  return sums.map((sum) => (3 * sum) / data.length);
}
