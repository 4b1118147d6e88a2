import type { Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callPage, missingBrowser, openPage, startBrowser } from "./browser.ts";
import { makeCamera } from "./camera.ts";
import { expectSmoothing } from "./expect-smoothing.ts";
import { startServer } from "./server.ts";
import { useBrowser } from "./use-browser.ts";

interface Streamed {
  readonly timestamps: readonly number[];
  readonly inference: readonly number[];
  readonly dropped: number;
  readonly sizes: boolean;
  /** Milliseconds: what the machine does beside it counts too, so this is printed, not asserted. */
  readonly longestTask: number;
  /** Turns of the page's event loop before each result. */
  readonly turns: readonly number[];
  /** Bytes held on the way and at the end. */
  readonly memory: readonly number[];
  /** Whether a long task that was made on purpose was noticed. */
  readonly observed: boolean;
}

/** Streams of cameras that are painted by a timer. */
const SOURCES = `(async () => {
  const { Segmenter } = await import("/dist/web.js");
  const segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm" });
  const camera = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 48 });
    const context = canvas.getContext("2d");
    setInterval(() => context.fillRect(0, 0, 64, 48), 20);
    return canvas.captureStream(25);
  };
  const errorOf = (promise) => promise.then(() => "none", (error) => error.code + ": " + error.message);
  const video = Object.assign(document.createElement("video"), { muted: true, srcObject: camera() });
  document.body.append(video);
  await video.play();
  const play = (source) => {
    video.srcObject = source;
    return video.play();
  };
  let swaps = 0;
  for await (const {} of segmenter.stream(video)) {
    if (++swaps === 6) break;
    setTimeout(() => void play(camera()), 3 * swaps);
  }
  const frames = segmenter.stream(video);
  await frames.next();
  video.pause();
  const waiting = errorOf((async () => {
    for await (const {} of frames);
  })());
  const lost = document.createElement("video");
  document.body.append(lost);
  lost.src = "/nowhere.mp4";
  const missing = await errorOf(segmenter.stream(lost).next());
  const typo = await errorOf((async () => segmenter.stream(video, { smothing: 0.5 }).next())());
  await segmenter.dispose();
  return { swaps, disposed: await waiting, missing, typo };
})()`;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

describe.skipIf(missingBrowser)(`a video in a browser ${missingBrowser ?? ""}`, () => {
  const shared = useBrowser();
  let page: Page;

  beforeEach(async () => {
    page = await openPage(shared);
  });
  afterEach(() => page.context().close());

  it("is segmented for 100 frames, while the page goes on", async () => {
    const { timestamps, sizes, dropped, longestTask, turns, observed, inference } = await callPage<Streamed>(
      page,
      "streamFrames",
      100,
      { model: "camvid", smoothing: 0 },
    );
    const network = median(inference).toFixed(0);
    console.info(`network ${network} ms, ${dropped} frames left out, longest task ${longestTask} ms`);
    console.info(`turns of the page's loop: ${median(turns)} a frame`);
    expect(timestamps).toHaveLength(100);
    expect(timestamps).toEqual([...new Set(timestamps)].sort((a, b) => a - b));
    expect(sizes).toBe(true);
    expect(observed).toBe(true);
    // A page that waits for the network in a task of its own has one or two turns a frame.
    expect(median(turns)).toBeGreaterThan(4);
  });

  it("can be smoothed", async () => {
    await expectSmoothing(page, { device: "wasm", way: "stream" });
  });

  it("refuses a smoothing out of range", async () => {
    const options = { model: "camvid-ndnet45", smoothing: 1 };
    await expect(callPage(page, "streamFrames", 1, options)).rejects.toThrow(
      "stream: smoothing must be from 0 to below 1",
    );
  });

  it("ends the iteration when it ends", async () => {
    expect(await callPage(page, "streamToEnd")).toBeGreaterThanOrEqual(2);
  });

  it("goes on when its source is changed, and ends with the segmenter or with the error of the video", async () => {
    const found = await page.evaluate<Record<string, unknown>>(SOURCES);
    expect(found).toEqual({
      swaps: 6,
      disposed: "RUNTIME: segment: segmenter has been disposed of",
      missing: expect.stringMatching(/^INVALID_IMAGE: stream: video cannot be played: ./),
      typo: expect.stringMatching(/^INVALID_ARGUMENT: stream: option must be one of signal, smoothing/),
    });
  });

  it("waits while the page is hidden, and ends with the signal's reason", async () => {
    expect(await callPage(page, "streamHidden")).toEqual({ whileHidden: false, end: "enough" });
  });
});

describe.skipIf(missingBrowser)(`a camera in a browser ${missingBrowser ?? ""}`, () => {
  it("is segmented for 400 frames, and memory stays flat", { retry: 1 }, async () => {
    const camera = await makeCamera(160, 120);
    const browser = await startBrowser({ camera: camera.clip });
    const server = await startServer({ isolated: true });
    try {
      const page = await openPage({ browser, server });
      const { timestamps, sizes, memory, longestTask } = await callPage<Streamed>(page, "streamFrames", 400, {
        model: "camvid-ndnet45",
        smoothing: 0.5,
        camera: true,
        measureAt: 100,
      });
      expect(timestamps).toHaveLength(400);
      expect(sizes).toBe(true);
      const [early = 0, late = Number.NaN] = memory;
      const megabytes = memory.map((bytes) => (bytes / 1e6).toFixed(1)).join(" and ");
      console.info(`${megabytes} MB after 100 and 400 frames, longest task ${longestTask} ms`);
      expect(early).toBeGreaterThan(1e6);
      // 300 frames of 160 x 120 would be 17 MB.
      expect(late - early).toBeLessThan(5e6);
    } finally {
      await browser.close();
      await server.close();
      await camera.dispose();
    }
  });
});
