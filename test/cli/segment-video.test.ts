import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { parseArguments } from "../../src/cli/arguments.ts";
import { segment } from "../../src/cli/segment.ts";
import { describeModel } from "../../src/model-files/description.ts";
import { openVideo } from "../../src/video/ffmpeg/open-video.ts";
import { writeSafetensors } from "../../src/weights/node/write.ts";
import { randomModel } from "../support/model.ts";
import { hasFfmpeg, hashSound, inspectClip, makeClip, SOUND } from "../video/ffmpeg/clips.ts";
import { runJson, startCli } from "./run-cli.ts";

const done = z.object({
  clip: z.string(),
  out: z.string(),
  width: z.number(),
  height: z.number(),
  frameRate: z.number(),
  frames: z.number(),
  classes: z.array(z.object({ label: z.number(), name: z.string(), share: z.number() })),
});

let folder = "";
const file = (...names: string[]) => join(folder, ...names);
const model = () => ["--model", file("model.safetensors")];
const random = randomModel();

/** Runs the verb in this process, which is quicker than one of its own, and gives what it prints. */
async function run(argv: readonly string[]): Promise<string> {
  const lines: string[] = [];
  await segment.run(parseArguments(segment, argv), (line) => lines.push(line));
  return lines.join("\n");
}

describe.skipIf(!hasFfmpeg)("lightseg segment CLIP", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-cli-"));
    await writeSafetensors(file("model.safetensors"), random.weights, { metadata: describeModel(random) });
    await makeClip(file("walk.mp4"), [...SOUND, "-pix_fmt", "yuv420p", "-t", "0.32"]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("writes a clip of the same length, rate and sound, and leaves the source as it was", async () => {
    const before = await readFile(file("walk.mp4"));
    const args = [
      "segment",
      file("walk.mp4"),
      ...model(),
      "--out",
      file("made", "out.mp4"),
      "--smoothing",
      "0.5",
    ];
    const { code, stderr, json } = await runJson(args);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^frame 1\/8 .*\nframe 8\/8 \(100 %\) {2}[\d.]+ frames\/s {2}0 s left\n$/);
    const result = done.parse(json);
    expect(result).toMatchObject({ clip: file("walk.mp4"), width: 64, height: 48, frameRate: 25, frames: 8 });
    expect(result.classes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    const { video } = await inspectClip(result.out);
    expect(video).toMatchObject({ width: 64, height: 48, r_frame_rate: "25/1", nb_read_frames: 8 });
    expect(await hashSound(result.out)).toBe(await hashSound(file("walk.mp4")));
    expect(await readFile(file("walk.mp4"))).toEqual(before);
    expect(await readdir(file("made"))).toEqual(["out.mp4"]);
  });

  it("writes the class colors alone with --labels, into a folder under the clip's name, and says so", async () => {
    const out = file("folder");
    const lines = await run([file("walk.mp4"), ...model(), "--labels", "--out", out]);
    const target = join(out, "walk.labels.mp4");
    expect(lines).toMatch(
      /walk\.mp4 {2}64x48, 8 frames, 25\.00 frames\/s\n( {2}[a-z]+ +\d+\.\d %\n)+ {2}wrote /,
    );
    expect(lines.endsWith(`wrote ${target}`)).toBe(true);
    await using video = await openVideo(target);
    // Flat areas keep the colors of the palette, but for what compression does to them.
    let [near, all] = [0, 0];
    for await (const { data } of video.frames) {
      for (let at = 0; at < data.length; at += 3) {
        all++;
        const isNear = random.palette.some((color) =>
          color.every((value, c) => Math.abs(value - (data[at + c] ?? 0)) < 12),
        );
        if (isNear) near++;
      }
    }
    expect(near / all).toBeGreaterThan(0.7);
  });

  it("refuses what does not fit together, before anything is made", async () => {
    const clip = file("walk.mp4");
    const cases = [
      [[clip, file("other.jpg")], "must be the only argument"],
      [[clip, "--confidence"], "--confidence is for photos only"],
      [[clip, "--scores", file("s.npy")], "--scores is for photos only"],
      [[file("photo.jpg"), "--smoothing", "0.5"], "--smoothing is for clips only"],
      [[file("photo.jpg"), "--labels"], "--labels is for clips only"],
      [[clip, "--smoothing", "1"], "must be at most 0.99, got 1"],
      [[clip, "--out", clip], "must not be the clip that is read"],
      [[clip, "--out", file("out.avi")], "must end in .mp4"],
    ] as const;
    for (const [args, message] of cases) {
      const failure = run([...args, ...model()]);
      await expect(failure, message).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await expect(failure).rejects.toThrow(message);
    }
    expect(existsSync(file("out.avi"))).toBe(false);
  });

  it("fails with nothing written for clips that are cut, empty of video or not there", async () => {
    const whole = await readFile(await makeClip(file("whole.mkv"), ["-frames:v", "40", "-g", "5"]));
    await writeFile(file("cut.mkv"), whole.subarray(0, whole.length / 2));
    await makeClip(file("sound.mov"), [...SOUND, "-map", "1"]);
    const cases = [
      ["cut.mkv", "INVALID_IMAGE", /ends early: \d+ of about 40 frames/],
      ["sound.mov", "INVALID_IMAGE", /has no video stream/],
      ["none.mp4", "NOT_FOUND", /does not exist/],
    ] as const;
    const out = file("failed.mp4");
    for (const [name, code, message] of cases) {
      const failure = run([file(name), ...model(), "--out", out]);
      await expect(failure, name).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    }
    expect((await readdir(folder)).filter((name) => name.includes("failed"))).toEqual([]);
  });

  it("stops at Ctrl-C without leaving anything behind", async () => {
    await makeClip(file("long.mp4"), ["-frames:v", "500", "-preset", "ultrafast"]);
    const args = ["segment", file("long.mp4"), ...model(), "--out", file("stopped.mp4"), "--json"];
    const { child, ended } = startCli(args);
    child.stderr?.once("data", () => child.kill("SIGINT"));
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ clip: file("long.mp4"), stopped: true });
    expect(stderr).toMatch(/stopping\nstopped after \d+ frames; nothing was written\n$/);
    expect((await readdir(folder)).filter((name) => name.includes("stopped"))).toEqual([]);
  });
});
