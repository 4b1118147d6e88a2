import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll } from "vitest";
import { startBrowser } from "./browser.ts";

const configFile = fileURLToPath(new URL("../../demo/vite.config.ts", import.meta.url));

/** What the tests of a file share: the demo as it is built, on a plain host, and a browser. */
export function useDemo(): {
  open(
    options?: BrowserContextOptions & { browser?: Browser; script?: string; query?: string },
  ): Promise<DemoPage>;
} {
  let browser: Browser;
  let server: PreviewServer;
  beforeAll(async () => {
    await build({ configFile, logLevel: "error" });
    // Without the headers that isolate a page.
    server = await preview({ configFile, preview: { port: 0, headers: {} } });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });
  return {
    async open({ browser: other = browser, script, query = "", ...options } = {}) {
      const page = await (await other.newContext(options)).newPage();
      const faults: string[] = [];
      page.on("pageerror", ({ message }) => faults.push(message));
      if (script !== undefined) await page.addInitScript(script);
      await page.goto(`${server.resolvedUrls?.local[0]}${query}`);
      await segmented(page);
      return { page, faults, [Symbol.asyncDispose]: () => page.context().close() };
    },
  };
}

/** The demo, which has segmented its first example. */
export interface DemoPage extends AsyncDisposable {
  readonly page: Page;
  /** Errors that nothing has caught. */
  readonly faults: string[];
}

/** Waits until a picture is segmented. @param size such as `600 x 400`; defaults to any */
export function segmented(page: Page, size = "\\d+ x \\d+"): Promise<void> {
  return page.getByText(new RegExp(`^${size} pixels: `)).waitFor();
}

/** The message below the stage, once it is such. */
export async function told(page: Page, text: RegExp): Promise<string> {
  const status = page.locator("#status", { hasText: text });
  await status.waitFor();
  return status.innerText();
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong in the page as it is, light and dark: the rule, and where. */
export async function findBarriers(page: Page): Promise<string[]> {
  const found: string[] = [];
  await page.evaluate(axe);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    // Colors that change with the scheme do so slowly.
    await page.evaluate("Promise.all(document.getAnimations().map(({ finished }) => finished))");
    const here = await page.evaluate<string[]>(`axe.run().then(({ violations }) => violations.map(
      ({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 120)).join(" | ")))`);
    found.push(...here.map((text) => `${colorScheme}: ${text}`));
  }
  return found;
}
