import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { callPage, missingBrowser, openPage, startBrowser } from "./browser.ts";
import { startServer, type TestServer } from "./server.ts";

interface Streamed {
  readonly timestamps: readonly number[];
  readonly inference: readonly number[];
  readonly dropped: number;
  readonly sizes: boolean;
  readonly longestTask: number;
  /** Whether a long task that was made on purpose was noticed. */
  readonly observed: boolean;
}

describe.skipIf(missingBrowser)(`a video in a browser ${missingBrowser ?? ""}`, () => {
  let browser: Browser;
  let server: TestServer;
  let page: Page;

  beforeAll(async () => {
    browser = await startBrowser();
    server = await startServer({ isolated: true });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  beforeEach(async () => {
    page = await openPage(browser, server.origin);
  });
  afterEach(() => page.context().close());

  // What else runs on the machine may interrupt a task of the page, but not in each of three attempts.
  it("is segmented for 100 frames, while no task of the page takes 50 ms", { retry: 2 }, async () => {
    const { timestamps, sizes, dropped, longestTask, observed, inference } = await callPage<Streamed>(
      page,
      "streamFrames",
      100,
      { model: "camvid", smoothing: 0 },
    );
    const middle = inference.toSorted((a, b) => a - b)[50];
    console.info(
      `longest task ${longestTask} ms, network ${middle?.toFixed(0)} ms, ${dropped} frames left out`,
    );
    expect(timestamps).toHaveLength(100);
    expect(timestamps).toEqual([...new Set(timestamps)].sort((a, b) => a - b));
    expect(sizes).toBe(true);
    expect(observed).toBe(true);
    expect(longestTask).toBeLessThan(50);
  });

  it("can be smoothed", async () => {
    const { timestamps, sizes } = await callPage<Streamed>(page, "streamFrames", 5, {
      model: "camvid-ndnet45",
      smoothing: 0.5,
    });
    expect(timestamps).toHaveLength(5);
    expect(sizes).toBe(true);
  });

  it("refuses a smoothing out of range", async () => {
    const options = { model: "camvid-ndnet45", smoothing: 1 };
    await expect(callPage(page, "streamFrames", 1, options)).rejects.toThrow(
      "smoothing must be from 0 to below 1",
    );
  });

  it("ends the iteration when it ends", async () => {
    expect(await callPage(page, "streamToEnd")).toBeGreaterThanOrEqual(2);
  });

  it("waits while the page is hidden, and ends with the signal's reason", async () => {
    expect(await callPage(page, "streamHidden")).toEqual({ whileHidden: false, end: "enough" });
  });
});
