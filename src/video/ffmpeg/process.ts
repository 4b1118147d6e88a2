import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { LightsegError } from "../../errors.ts";

/** Characters of its messages that are kept. The first ones name the cause. */
const KEPT = 4000;

/** A running ffmpeg or ffprobe. */
export interface FfmpegProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Never rejects. */
  readonly ended: Promise<FfmpegEnd>;
  /** Ends the process at once; who reads its output gets an error. Does nothing after its end. */
  kill(): void;
}

export interface FfmpegEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  /** The first line that it wrote to standard error; "" if it wrote none. */
  readonly message: string;
}

/**
 * Starts ffmpeg or ffprobe from the PATH, silent but for errors.
 *
 * @throws LightsegError NOT_FOUND where it is not installed
 */
export async function startFfmpeg(
  program: "ffmpeg" | "ffprobe",
  args: readonly string[],
): Promise<FfmpegProcess> {
  const child = spawn(program, ["-hide_banner", "-v", "error", ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own: Ctrl-C goes to lightseg alone, which then says how it ends.
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  let messages = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    messages = (messages + text).slice(0, KEPT);
  });
  // A pipe that its reader has closed is told to whoever writes to it.
  child.stdin.on("error", () => undefined);
  const ended = new Promise<FfmpegEnd>((resolve) => {
    child.once("close", (code) => resolve({ code, message: firstLine(messages) }));
  });
  await spawned(child, program);
  const kill = () => {
    child.kill("SIGKILL");
    // Node reports its end when all pipes are closed. A pipe without a reader would stay open.
    child.stdout.destroy();
  };
  return { stdin: child.stdin, stdout: child.stdout, ended, kill };
}

async function spawned(child: ChildProcess, program: string): Promise<void> {
  try {
    await once(child, "spawn");
  } catch (cause) {
    throw new LightsegError({
      code: "NOT_FOUND",
      where: "startFfmpeg",
      argument: program,
      rule: "must be on the PATH to read and write clips",
      hint: "install FFmpeg: apt install ffmpeg, brew install ffmpeg or winget install ffmpeg",
      cause,
    });
  }
}

/** Without the part in front that says which of its parts speaks, such as `[mp4 @ 0x55d0]`. */
function firstLine(messages: string): string {
  const line = messages.split("\n")[0] ?? "";
  return line.replace(/^\[[^\]]*\]\s*/, "").trim();
}

/** A path as ffmpeg takes it: never as an option, nor as an address on the network. */
export function fileUrl(path: string): string {
  return `file:${path}`;
}
