import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callPage, missingBrowser, openPage } from "./browser.ts";
import { startServer, type TestServer } from "./server.ts";
import { useBrowser } from "./use-browser.ts";

describe.skipIf(missingBrowser)(`the segmenter in a browser ${missingBrowser ?? ""}`, () => {
  const shared = useBrowser();
  let plain: TestServer;

  beforeAll(async () => {
    plain = await startServer({ isolated: false });
  });
  afterAll(async () => {
    await plain?.close();
  });

  async function call<Result>(name: string, ...args: unknown[]): Promise<Result> {
    const page = await openPage(shared);
    try {
      return await callPage<Result>(page, name, ...args);
    } finally {
      await page.context().close();
    }
  }

  it("takes pictures of every kind, and leaves them to the caller", async () => {
    const { path, ...others } = await call<Record<string, string>>("segmentAllKinds", "/examples/coffee.jpg");
    expect(path?.length).toBeGreaterThan(1000);
    for (const [kind, labels] of Object.entries(others))
      expect({ [kind]: labels === path }).toEqual({ [kind]: true });
  });

  it("says what is wrong with a picture", async () => {
    const errors = await call("segmentFaulty", ["/nowhere.jpg", "/package.json"]);
    expect(errors).toEqual([
      expect.stringMatching(
        /^NOT_FOUND: fetch: http:.*nowhere\.jpg could not be fetched: the server answered 404/,
      ),
      "INVALID_IMAGE: segment: picture is not a picture that this browser can read",
      "INVALID_IMAGE: segment: picture is not a picture that this browser can read",
      expect.stringMatching(/^INVALID_IMAGE: segment: HTMLVideoElement has no picture that can be read: /),
    ]);
  });

  it("falls back to WebAssembly without WebGPU, and says why", async () => {
    const page = await (await shared.browser.newContext()).newPage();
    await page.addInitScript("Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined })");
    await page.goto(`${plain.origin}/test/browser/page.html`);
    await page.waitForFunction("'isIsolated' in globalThis");
    const { device, deviceNote, notes } = await callPage<{
      device: string;
      deviceNote: string;
      notes: string[];
    }>(page, "segmentPhotos", [], { model: "camvid-ndnet45" });
    expect(device).toBe("wasm");
    expect(deviceNote).toBe(
      "WebAssembly, since WebGPU does not work here: Segmenter.load: WebGPU must be available: the browser does not have it",
    );
    // The page of this server is not isolated.
    expect(notes).toEqual([
      expect.stringMatching(/^WebAssembly runs on one thread: .*Cross-Origin-Opener-Policy/),
    ]);
    const { error } = await callPage<{ error?: { code: string } }>(page, "tryLoad", "camvid-ndnet45", {
      device: "webgpu",
    });
    expect(error?.code).toBe("RUNTIME");
    await page.context().close();
  });

  it("takes WebAssembly where WebGPU is one in software, and can be made to give up", async () => {
    expect(await call("abortLoad")).toEqual({ device: "wasm", software: true, reason: "enough" });
  });

  it("is disposed of and started again 50 times, and leaves no worker", async () => {
    const page = await openPage(shared);
    expect(await callPage(page, "restart", 50, { device: "wasm" })).toEqual([32 * 24]);
    await expect.poll(() => page.workers().length).toBe(0);
    await page.context().close();
  });

  it("fails what is asked for when it is disposed of", async () => {
    const message = "segment: segmenter has been disposed of";
    expect(await call("disposeEarly")).toEqual([message, message]);
  });
});
