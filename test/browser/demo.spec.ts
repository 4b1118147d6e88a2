import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingBrowser, startBrowser } from "./browser.ts";

const configFile = fileURLToPath(new URL("../../demo/vite.config.ts", import.meta.url));

describe.skipIf(missingBrowser)(`the demo ${missingBrowser ?? ""}`, () => {
  let browser: Browser;
  let server: PreviewServer;
  let address = "";

  beforeAll(async () => {
    await build({ configFile, logLevel: "error" });
    // As from a plain host: without the headers that isolate a page.
    server = await preview({ configFile, preview: { port: 0, headers: {} } });
    address = server.resolvedUrls?.local[0] ?? "";
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const segmented = (page: Page) => page.getByText(/\d+ x \d+ pixels: /).waitFor();

  it("segments its first example, and does so again when it is reloaded without a network", async () => {
    const page = await (await browser.newContext()).newPage();
    const faults: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    await page.goto(address);
    await segmented(page);
    await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)");
    // What the page is made of is kept by now; the examples are when they are fetched.
    await page.reload();
    await segmented(page);
    expect(await page.evaluate("crossOriginIsolated")).toBe(true);

    await page.context().setOffline(true);
    await page.reload();
    await segmented(page);
    expect(await page.locator("#canvas").getAttribute("aria-label")).toMatch(/^Segmented picture: .*cat/);
    expect(faults).toEqual([]);
    await page.context().close();
  });
});
