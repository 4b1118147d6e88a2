import { copyFile, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Photo } from "../../../src/images/types.ts";
import { openVideo } from "../../../src/video/ffmpeg/open-video.ts";
import { createVideoWriter, type VideoWriterOptions } from "../../../src/video/ffmpeg/video-writer.ts";
import { hasFfmpeg, hashSound, inspectClip, makeClip, meanColor, SOUND } from "./clips.ts";

let folder = "";
const file = (name: string) => join(folder, name);
const size = { width: 64, height: 48, frameRate: 25 };

function plain(color: readonly number[], { width, height } = size): Photo {
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, (_, i) => color[i % 3] ?? 0),
  };
}

async function write(
  path: string,
  frames: readonly Photo[],
  options: VideoWriterOptions = size,
): Promise<void> {
  await using writer = await createVideoWriter(path, options);
  for (const frame of frames) await writer.write(frame);
  await writer.finish();
}

async function temporaryFiles(): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith(".tmp"));
}

describe.skipIf(!hasFfmpeg)("createVideoWriter", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-video-"));
    await makeClip(file("sound.mp4"), [...SOUND, "-metadata", "title=A walk", "-t", "0.32"]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(["mp4", "m4v", "mov", "mkv", "webm"])(
    "writes %s, with every frame and its color",
    async (ending) => {
      const colors = [
        [200, 40, 40],
        [40, 200, 40],
        [40, 40, 200],
      ];
      const path = file(`colors.${ending}`);
      await write(
        path,
        colors.map((color) => plain(color)),
      );
      expect(await temporaryFiles()).toEqual([]);
      await using video = await openVideo(path);
      expect(video).toMatchObject({ width: 64, height: 48, frameRate: 25 });
      let index = 0;
      for await (const frame of video.frames) {
        const wanted = colors[index++] ?? [];
        // What compression leaves.
        for (const [channel, value] of meanColor(frame).entries())
          expect(Math.abs(value - (wanted[channel] ?? 0))).toBeLessThan(8);
      }
      expect(index).toBe(3);
    },
  );

  it("keeps the rate of a clip exactly, its sound as it is and its title", async () => {
    await using source = await openVideo(file("sound.mp4"));
    expect(source.audioCodecs).toEqual(["aac"]);
    const frames = Array.from({ length: 8 }, () => plain([9, 9, 9]));
    await write(file("copied.mp4"), frames, { ...size, frameRate: 30000 / 1001, source });
    const { video, audio, tags } = await inspectClip(file("copied.mp4"));
    expect(video).toMatchObject({ codec_name: "h264", r_frame_rate: "30000/1001", nb_read_frames: 8 });
    expect(audio).toMatchObject({ codec_name: "aac" });
    expect(tags).toMatchObject({ title: "A walk" });
    expect(await hashSound(file("copied.mp4"))).toBe(await hashSound(file("sound.mp4")));
  });

  it("encodes sound anew that a container cannot hold", async () => {
    await using source = await openVideo(file("sound.mp4"));
    await write(file("anew.webm"), [plain([9, 9, 9])], { ...size, source });
    const { audio } = await inspectClip(file("anew.webm"));
    expect(audio?.codec_name).toMatch(/^(opus|vorbis)$/);
  });

  it.each(["mp4", "mkv"])(
    "starts as late as its source, without frames that fill the gap, in %s",
    async (ending) => {
      const source = { path: file("sound.mp4"), startTime: 0.2, audioCodecs: ["aac"] };
      await write(file(`late.${ending}`), Array(8).fill(plain([9, 9, 9])), { ...size, source });
      const { video, audio } = await inspectClip(file(`late.${ending}`));
      expect(video?.nb_read_frames).toBe(8);
      expect((video?.start_time ?? 0) - (audio?.start_time ?? 0)).toBeCloseTo(0.2, 1);
    },
  );

  it("adds a line where a side is odd", async () => {
    const odd = { width: 33, height: 17, frameRate: 10 };
    await write(file("odd.mp4"), [plain([90, 90, 90], odd)], odd);
    expect((await inspectClip(file("odd.mp4"))).video).toMatchObject({ width: 34, height: 18 });
  });

  it("leaves what was there, and nothing else, unless it is finished", async () => {
    await writeFile(file("old.mp4"), "old");
    {
      await using writer = await createVideoWriter(file("old.mp4"), size);
      await writer.write(plain([1, 2, 3]));
      expect(await temporaryFiles()).toHaveLength(1);
    }
    expect(await temporaryFiles()).toEqual([]);
    expect(await readFile(file("old.mp4"), "utf8")).toBe("old");
    await write(file("old.mp4"), [plain([1, 2, 3])]);
    expect((await inspectClip(file("old.mp4"))).video?.nb_read_frames).toBe(1);
  });

  it("refuses its own source under any name, other endings, folders and places that cannot be written", async () => {
    const source = await openVideo(
      await copyFile(file("sound.mp4"), file("source.mp4")).then(() => file("source.mp4")),
    );
    await link(file("source.mp4"), file("hard.mp4"));
    await symlink(file("source.mp4"), file("soft.mp4"));
    for (const name of ["source.mp4", "hard.mp4", "soft.mp4"])
      await expect(createVideoWriter(file(name), { ...size, source })).rejects.toThrow(
        "must not be the clip that is read",
      );
    await expect(createVideoWriter(file("clip.avi"), size)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await mkdir(file("folder.mp4"));
    await expect(createVideoWriter(file("folder.mp4"), size)).rejects.toThrow("it is a folder");
    await expect(createVideoWriter(file("none/clip.mp4"), size)).rejects.toThrow("its folder does not exist");
    for (const frameRate of [0, -5, Number.NaN])
      await expect(createVideoWriter(file("rate.mp4"), { ...size, frameRate })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    const gone = { path: file("gone.mp4"), startTime: 0, audioCodecs: [] };
    await expect(createVideoWriter(file("new.mp4"), { ...size, source: gone })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(await temporaryFiles()).toEqual([]);
  });

  it("refuses frames of another size, and fails when the encoder does", async () => {
    await using writer = await createVideoWriter(file("size.mp4"), size);
    await expect(writer.write(plain([0, 0, 0], { ...size, width: 32 }))).rejects.toThrow(
      "must be 64 x 48 as the clip",
    );
    await writeFile(file("text.mp4"), "no clip");
    const source = { path: file("text.mp4"), startTime: 0, audioCodecs: [] };
    const failing = write(file("failing.mp4"), Array(50).fill(plain([0, 0, 0])), { ...size, source });
    await expect(failing).rejects.toMatchObject({
      code: "OUTPUT",
      message: expect.stringMatching(/moov atom not found|Invalid data/),
    });
  });

  it("fails without a clip where there are no frames", async () => {
    await expect(write(file("empty.mp4"), [])).rejects.toMatchObject({ code: "OUTPUT" });
    expect((await readdir(folder)).filter((name) => name.includes("empty.mp4"))).toEqual([]);
  });
});
