import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { build, createServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingBrowser, startBrowser } from "./browser.ts";

const page = `<!doctype html><meta charset="utf-8"><title>loading</title><link rel="icon" href="data:,">
<script type="module" src="/main.js"></script>`;

/** What a user writes: nothing about workers, .wasm files or models. */
const main = `import { Segmenter } from "lightseg";
try {
  const segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm" });
  const { labels } = await segmenter.segment(new ImageData(40, 30));
  document.title = "labels: " + labels.length + ", isolated: " + crossOriginIsolated;
} catch (error) {
  document.title = String(error);
}`;

/** What the page's server sends so that there are threads. */
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

describe.skipIf(missingBrowser)(
  `a page made with Vite, without configuration ${missingBrowser ?? ""}`,
  () => {
    let browser: Browser;
    let root: string;

    beforeAll(async () => {
      browser = await startBrowser();
      root = await mkdtemp(join(tmpdir(), "lightseg-vite-"));
      await writeFile(join(root, "index.html"), page);
      await writeFile(join(root, "main.js"), main);
      await writeFile(
        join(root, "package.json"),
        `{ "type": "module", "dependencies": { "lightseg": "*" } }`,
      );
      // As it lies there after `npm install`; a link would be treated as the user's own source.
      const installed = join(root, "node_modules/lightseg");
      await mkdir(installed, { recursive: true });
      for (const part of ["package.json", "dist", "models"])
        await cp(part, join(installed, part), { recursive: true });
    });
    afterAll(async () => {
      await browser?.close();
      await rm(root, { recursive: true, force: true });
    });

    const settings = () => ({ root, configFile: false, logLevel: "error" }) as const;

    async function titleOf(address: string | undefined): Promise<string> {
      const tab = await browser.newPage();
      await tab.goto(address ?? "");
      await tab.waitForFunction("document.title !== 'loading'", undefined, { timeout: 60_000 });
      const title = await tab.title();
      await tab.close();
      return title;
    }

    it("runs from the development server", async () => {
      const server = await createServer({ ...settings(), server: { headers } });
      await server.listen();
      try {
        expect(await titleOf(server.resolvedUrls?.local[0])).toBe("labels: 1200, isolated: true");
      } finally {
        await server.close();
      }
    });

    it("runs when it is built", async () => {
      await build(settings());
      const server = await preview({ ...settings(), preview: { headers } });
      try {
        expect(await titleOf(server.resolvedUrls?.local[0])).toBe("labels: 1200, isolated: true");
      } finally {
        await server.close();
      }
    });
  },
);
