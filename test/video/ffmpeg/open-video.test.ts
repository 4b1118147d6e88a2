import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { openVideo } from "../../../src/video/ffmpeg/open-video.ts";
import type { VideoFrameInput } from "../../../src/video/segment-frames.ts";
import { FRAMES, hasFfmpeg, makeClip, meanColor, SOUND } from "./clips.ts";

let folder = "";
const file = (name: string) => join(folder, name);

async function readAll(path: string): Promise<VideoFrameInput[]> {
  await using video = await openVideo(path);
  const frames: VideoFrameInput[] = [];
  for await (const frame of video.frames) frames.push(frame);
  return frames;
}

describe.skipIf(!hasFfmpeg)("openVideo", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-video-"));
    await makeClip(file("plain.mp4"), FRAMES, "30000/1001");
  });
  afterAll(() => rm(folder, { recursive: true }));
  afterEach(() => vi.unstubAllEnvs());

  it("gives every frame as RGB bytes, with the time at which it is shown", async () => {
    await using video = await openVideo(file("plain.mp4"));
    expect(video).toMatchObject({ width: 64, height: 48, frameCount: 8, startTime: 0, audioCodecs: [] });
    expect(video.frameRate).toBeCloseTo(29.97, 2);
    for (const _ of ["once", "again"]) {
      const frames: VideoFrameInput[] = [];
      for await (const frame of video.frames) frames.push(frame);
      expect(frames.map(({ timestamp }) => timestamp)).toEqual(
        [0, 1, 2, 3, 4, 5, 6, 7].map((n) => n / video.frameRate),
      );
      for (const frame of frames)
        expect([frame.width, frame.height, frame.data.length]).toEqual([64, 48, 64 * 48 * 3]);
    }
  });

  it("keeps colors", async () => {
    const red = [
      "-vf",
      "format=rgb24,lutrgb=r=255:g=0:b=0",
      "-c:v",
      "ffv1",
      "-pix_fmt",
      "bgr0",
      "-frames:v",
      "1",
    ];
    const [frame] = await readAll(await makeClip(file("red.mkv"), red));
    expect(frame && meanColor(frame)).toEqual([255, 0, 0]);
  });

  it.each([
    ["of 720 lines without a color tag by BT.709, as players do", "1280x720", [], [198, 65, 34]],
    ["of fewer lines without a color tag by BT.601", "640x480", [], [187, 53, 36]],
    [
      "of 720 lines by the matrix that the file names",
      "1280x720",
      ["-colorspace", "smpte170m"],
      [187, 53, 36],
    ],
  ])("decodes a clip %s", async (_, size, tags, color) => {
    // By BT.709, red is 1.164 * (94 - 16) + 1.793 * (188 - 128) = 198; by BT.601, with 1.596, 187.
    const yuv = `color=c=black:size=${size},format=yuv444p,lutyuv=y=94:u=101:v=188`;
    const args = ["-f", "lavfi", "-i", yuv, "-map", "1", "-frames:v", "1", "-c:v", "ffv1", ...tags];
    const [frame] = await readAll(await makeClip(file("matrix.mkv"), args));
    for (const [channel, value] of (frame ? meanColor(frame) : []).entries())
      expect(Math.abs(value - (color[channel] ?? 0))).toBeLessThan(4);
  });

  it("turns frames upright and makes their pixels square, as players show them", async () => {
    const rotated = ["-i", file("plain.mp4"), "-map", "1", "-c", "copy", "-metadata:s:v:0", "rotate=90"];
    const turned = await readAll(await makeClip(file("rotated.mp4"), rotated));
    expect(turned[0]).toMatchObject({ width: 48, height: 64 });
    const [upright] = await readAll(file("plain.mp4"));
    expect(turned[0] && [...turned[0].data].sort()).toEqual(upright && [...upright.data].sort());
    const wide = await readAll(await makeClip(file("wide.mp4"), ["-vf", "setsar=2", ...FRAMES]));
    expect(wide[0]).toMatchObject({ width: 128, height: 48 });
  });

  it("tells when the video begins later than the sound", async () => {
    const late = [
      "-itsoffset",
      "0.4",
      "-i",
      file("plain.mp4"),
      ...SOUND,
      "-map",
      "1:v",
      "-map",
      "2:a",
      "-c:v",
      "copy",
    ];
    const frames = await readAll(await makeClip(file("late.mkv"), late));
    expect(frames).toHaveLength(8);
    expect(frames[0]?.timestamp).toBeCloseTo(0.4, 1);
  });

  it("reads clips that do not say how long they are", async () => {
    const streamed = ["-c:v", "libx264", "-live", "1", "-f", "matroska", ...FRAMES];
    await using video = await openVideo(await makeClip(file("streamed.mkv"), streamed));
    expect(video).toMatchObject({ frameCount: 8, hasKnownLength: false });
    expect(await readAll(file("streamed.mkv"))).toHaveLength(8);
  });

  it("scales frames whose size changes on the way to the size of the first", async () => {
    const small = await makeClip(file("small.ts"), ["-vf", "scale=32:32", ...FRAMES]);
    const large = await makeClip(file("large.ts"), FRAMES);
    await writeFile(file("both.ts"), Buffer.concat([await readFile(large), await readFile(small)]));
    const frames = await readAll(file("both.ts"));
    expect(frames.length).toBeGreaterThan(8);
    expect(new Set(frames.map(({ width, height }) => `${width} x ${height}`))).toEqual(new Set(["64 x 48"]));
  });

  it.each(["mkv", "mp4"])(
    "says how many frames of a cut %s could be read, after giving them",
    async (ending) => {
      const args = ["-frames:v", "80", "-g", "10", "-movflags", "+faststart"];
      const bytes = await readFile(await makeClip(file(`whole.${ending}`), args));
      await writeFile(file(`cut.${ending}`), bytes.subarray(0, Math.round(0.8 * bytes.length)));
      await using video = await openVideo(file(`cut.${ending}`));
      let count = 0;
      const read = async () => {
        for await (const _ of video.frames) count++;
      };
      await expect(read()).rejects.toMatchObject({ code: "INVALID_IMAGE" });
      expect(count).toBeGreaterThan(10);
      expect(count).toBeLessThan(78);
      await expect(readAll(file(`cut.${ending}`))).rejects.toThrow(
        `${count} of about 80 frames could be read`,
      );
    },
  );

  it("refuses an empty file, and a link to nothing", async () => {
    const [empty, link] = [file("empty.mp4"), file("link.mp4")];
    await writeFile(empty, "");
    await symlink("gone.mp4", link);
    await expect(openVideo(empty)).rejects.toThrow(`openVideo: ${empty}: the clip is empty`);
    await expect(openVideo(link)).rejects.toThrow(/does not exist: it is a link to gone\.mp4/);
  });

  it("refuses what is no clip, and says why", async () => {
    const bytes = await readFile(file("plain.mp4"));
    await writeFile(file("headless.mp4"), bytes.subarray(0, 1000));
    await expect(openVideo(file("headless.mp4"))).rejects.toThrow(
      /moov atom not found \(the end of the file/,
    );
    await makeClip(file("sound.m4a"), [...SOUND, "-map", "1"]);
    await expect(openVideo(file("sound.m4a"))).rejects.toThrow("has no video stream (it holds only sound");
    await writeFile(file("text.mp4"), "not a clip");
    await expect(openVideo(file("text.mp4"))).rejects.toMatchObject({ code: "INVALID_IMAGE" });
    await expect(openVideo(folder)).rejects.toThrow("must be a file");
    await expect(openVideo(file("none.mp4"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("ends iterations under way when it is closed, read or not", async () => {
    const video = await openVideo(
      await makeClip(file("long.mp4"), ["-frames:v", "500", "-preset", "ultrafast"]),
    );
    const frames = video.frames[Symbol.asyncIterator]();
    expect((await frames.next()).done).toBe(false);
    await video.close();
    let left = 0;
    while (!(await frames.next()).done) left++;
    expect(left).toBeLessThan(100);
    for await (const _ of video.frames) break;
    // Closed while its decoder starts.
    const late = video.frames[Symbol.asyncIterator]();
    const first = late.next();
    await video.close();
    expect((await first).done).toBe(true);
  });

  it("says how to get ffmpeg where it is missing", async () => {
    vi.stubEnv("PATH", folder);
    await expect(openVideo(file("plain.mp4"))).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringMatching(/^startFfmpeg: ffprobe must be on the PATH .*apt install ffmpeg/),
    });
  });
});
