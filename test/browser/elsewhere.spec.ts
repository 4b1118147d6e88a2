import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingBrowser, openPage } from "./browser.ts";
import { startServer, type TestServer } from "./server.ts";
import { useBrowser } from "./use-browser.ts";

describe.skipIf(missingBrowser)(
  `the library elsewhere than in a page's folder ${missingBrowser ?? ""}`,
  () => {
    const shared = useBrowser();
    let plain: TestServer;
    /** As a CDN: all files may be read by all pages. */
    let cdn: TestServer;

    beforeAll(async () => {
      plain = await startServer({ isolated: false });
      cdn = await startServer({ isolated: false, others: "read" });
    });
    afterAll(async () => {
      await plain?.close();
      await cdn?.close();
    });

    async function evaluate(server: TestServer, script: string): Promise<unknown> {
      const page = await openPage({ browser: shared.browser, server });
      try {
        return await page.evaluate(script);
      } finally {
        await page.context().close();
      }
    }

    const segment = (file: string) => `(async () => {
    const { Segmenter } = await import("${cdn.origin}/${file}");
    await using segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm" });
    const { labels } = await segmenter.segment(new ImageData(40, 30));
    return [labels.length, crossOriginIsolated];
  })()`;

    it("is one file from another origin", async () => {
      expect(await evaluate(plain, segment("dist/browser/lightseg.js"))).toEqual([1200, false]);
    });

    it("has threads there on an isolated page", async () => {
      expect(await evaluate(shared.server, segment("dist/web.js"))).toEqual([1200, true]);
    });

    it("works in a worker of the page's own, without VideoFrame", async () => {
      const script = `new Promise((resolve) => {
      const worker = new Worker("/test/browser/own-worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => resolve(message);
    })`;
      expect(await evaluate(plain, script)).toEqual([1200, 1200, 1200, 600 * 400]);
    });
  },
);
