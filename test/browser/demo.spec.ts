import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { decode } from "fast-png";
import type { Browser, Page } from "playwright-core";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missingBrowser, startBrowser } from "./browser.ts";
import { makeCamera } from "./camera.ts";

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

    await page.context().setOffline(true);
    await page.reload();
    await segmented(page);
    expect(await page.evaluate("crossOriginIsolated")).toBe(true);
    expect(await page.locator("#canvas").getAttribute("aria-label")).toMatch(/^Segmented picture: .*cat/);
    // Another photo, which was not looked at before.
    await page.getByRole("button", { name: "Example: coffee" }).click();
    await page.getByText(/^600 x 400 pixels: /).waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  });

  it("paints what the camera sees, and saves its labels", async () => {
    const camera = await makeCamera(160, 120);
    const seeing = await startBrowser({ camera: camera.clip });
    try {
      const page = await (await seeing.newContext()).newPage();
      await page.goto(address);
      await segmented(page);
      await page.getByRole("combobox", { name: "Model" }).selectOption("camvid-ndnet45");
      await page.getByRole("combobox", { name: "Effect" }).selectOption("cutout");
      await page.getByRole("button", { name: "Camera", exact: true }).click();
      await page.getByText("frames a second").waitFor();
      expect(await page.evaluate("[canvas.width, canvas.height]")).toEqual([160, 120]);
      const saved = page.waitForEvent("download");
      await page.getByRole("button", { name: /labels/i }).click();
      const png = decode(await readFile(await (await saved).path()));
      expect([png.width, png.height, png.channels]).toEqual([160, 120, 1]);
    } finally {
      await seeing.close();
      await camera.dispose();
    }
  });
});
