import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasFfmpeg, hashSound, inspectClip, makeClip } from "../video/ffmpeg/clips.ts";
import { missingBrowser, startBrowser } from "./browser.ts";
import { makeCamera } from "./camera.ts";
import { type DemoPage, segmented, told, useDemo } from "./use-demo.ts";

/** Refuses the camera once; has a model of its own for people, the default one by another name. */
const REFUSE_ONCE_AND_KNOW_PEOPLE = `
const { mediaDevices } = navigator;
const open = mediaDevices.getUserMedia.bind(mediaDevices);
let refusals = 0;
mediaDevices.getUserMedia = async (wanted) => {
  if (refusals++ === 0) throw new DOMException("Permission denied", "NotAllowedError");
  return open(wanted);
};
const plainFetch = fetch;
globalThis.fetch = async (url, options) => {
  const answer = await plainFetch(url, options);
  if (!/manifest|^data:application\\/json/.test(String(url))) return answer;
  const manifest = await answer.json();
  return Response.json({ ...manifest, people: manifest.voc });
};`;

/** Cameras that wait for the visitor's leave: `allow` opens the next one, `tracks` are those opened. */
const WAIT_FOR_LEAVE = `
globalThis.tracks = [];
const waiting = [];
globalThis.allow = () => waiting.shift()();
navigator.mediaDevices.getUserMedia = async () => {
  await new Promise((resolve) => waiting.push(resolve));
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  setInterval(() => context.fillRect(0, 0, 160, 120), 50);
  const stream = canvas.captureStream(10);
  tracks.push(...stream.getTracks());
  return stream;
};`;

/** Notes the videos that are played. */
const NOTE_VIDEOS = `
globalThis.videos = [];
const play = HTMLVideoElement.prototype.play;
HTMLVideoElement.prototype.play = function () {
  if (!videos.includes(this)) videos.push(this);
  return play.call(this);
};`;

describe.skipIf(missingBrowser)(`the camera in the demo ${missingBrowser ?? ""}`, () => {
  const demo = useDemo();
  let seeing: Browser;
  let camera: Awaited<ReturnType<typeof makeCamera>>;
  beforeAll(async () => {
    camera = await makeCamera(160, 120);
    seeing = await startBrowser({ camera: camera.clip });
  });
  afterAll(async () => {
    await seeing?.close();
    await camera?.dispose();
  });

  it("is refused, then allowed; shows people before a blurred background; is turned off", async () => {
    await using opened = await demo.open({ browser: seeing, script: REFUSE_ONCE_AND_KNOW_PEOPLE });
    const { page, faults } = opened;
    const button = page.getByRole("button", { name: "Camera", exact: true });
    await button.click();
    expect(await told(page, /refused/)).toMatch(/then press Camera again/);
    expect(await button.getAttribute("aria-pressed")).toBe("false");
    // The photo is still there.
    expect(await page.locator("#canvas").getAttribute("aria-label")).toMatch(/cat/);

    await button.click();
    await page.getByText("frames a second").waitFor();
    expect(await page.evaluate("[canvas.width, canvas.height]")).toEqual([160, 120]);
    expect(await page.locator("#model").inputValue()).toBe("people");
    expect(await page.locator("#effect").inputValue()).toBe("blur");
    await page.locator("#effect").selectOption("cutout");
    await page.getByText(/Nothing to keep/).waitFor();

    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: /labels/i }).click();
    const png = decode(await readFile(await (await saved).path()));
    expect([png.width, png.height, png.channels]).toEqual([160, 120, 1]);

    await button.click();
    await told(page, /^The camera is off.$/);
    expect(await page.locator("#canvas").getAttribute("aria-label")).toBe("No picture yet");
    expect(await page.locator("#legend button, #timing *").count()).toBe(0);
    await page.getByRole("button", { name: /labels/i }).click();
    await page.getByText("There is no segmented picture yet").waitFor();
    expect(faults).toEqual([]);
  });

  it("stays off where it is allowed after its view was left", async () => {
    await using opened = await demo.open({ script: WAIT_FOR_LEAVE });
    const { page, faults } = opened;
    const views = ["Teach", "Segment"];
    for (const [index, other] of views.entries()) {
      await page.getByRole("button", { name: "Camera", exact: true }).click();
      await page.getByRole("button", { name: other, exact: true }).click();
      await page.evaluate("allow()");
      await page.waitForFunction(
        `tracks.length === ${index + 1} && tracks.every(({ readyState }) => readyState === "ended")`,
      );
    }
    expect(faults).toEqual([]);
  });
});

describe.skipIf(missingBrowser !== undefined || !hasFfmpeg)("a clip in the demo (needs ffmpeg)", () => {
  const demo = useDemo();
  let folder = "";
  let opened: DemoPage;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-demo-"));
    opened = await demo.open({ script: NOTE_VIDEOS });
  });
  afterAll(async () => {
    await opened?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** Whether each of them is paused. */
  const paused = (page: Page) => page.evaluate<boolean[]>("videos.map(({ paused }) => paused)");
  const openClip = async ({ page }: DemoPage, seconds: number) => {
    const path = join(folder, `${seconds}.mp4`);
    await makeClip(path, [
      ...["-f", "lavfi", "-i", `testsrc=size=96x64:rate=10:duration=${seconds}`],
      ...["-f", "lavfi", "-i", `sine=sample_rate=48000:duration=${seconds}`],
      ...["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"],
    ]);
    const before = await paused(page);
    await page.locator("#file").setInputFiles(path);
    await page.waitForFunction(
      `videos.length > ${before.length} && videos.slice(0, -1).every(({ paused }) => paused)`,
    );
    await page.getByText("frames a second").waitFor();
    return path;
  };

  it("keeps its place when smoothing and model change", async () => {
    const { page } = opened;
    await openClip(opened, 30);
    await page.waitForFunction("videos[0].currentTime > 1");
    await page.locator("#smoothing").fill("0.2");
    await page.locator("#dtype").selectOption("int8");
    await told(page, /^Running.$/);
    expect(await page.evaluate("videos.length")).toBe(1);
    expect(await page.evaluate("videos[0].currentTime")).toBeGreaterThan(1);
  });

  it("is saved with its sound, and plays on", async () => {
    const { page, faults } = opened;
    const path = await openClip(opened, 1);
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Segmented clip" }).click();
    const copy = await (await saved).path();
    await page.getByText(/^Saved as lightseg.mp4/).waitFor();
    expect((await inspectClip(copy)).video).toMatchObject({ width: 96, height: 64, nb_read_frames: 10 });
    expect(await hashSound(copy)).toBe(await hashSound(path));
    expect((await paused(page)).at(-1)).toBe(false);
    expect(faults).toEqual([]);
  });

  it("is left in the middle of saving: by Cancel, then by another picture", async () => {
    const { page, faults } = opened;
    await openClip(opened, 30);
    const save = page.locator("#save-clip");
    await save.click();
    await page.locator("#save-clip + progress[value]").waitFor();
    expect((await paused(page)).at(-1)).toBe(true);
    expect(await save.innerText()).toBe("Cancel");
    await save.click();
    await page.getByText("Canceled.").waitFor();
    expect((await paused(page)).at(-1)).toBe(false);

    await save.click();
    await page.locator("#save-clip + progress[value]").waitFor();
    await page.getByRole("button", { name: "Example: astronaut" }).click();
    await segmented(page, "512 x 512");
    expect((await paused(page)).at(-1)).toBe(true);
    expect(await save.isVisible()).toBe(false);
    expect(faults).toEqual([]);
  });
});
