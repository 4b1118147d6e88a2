import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { startBrowser } from "./browser.ts";
import { startServer, type TestServer } from "./server.ts";

/**
 * What the tests of a file share: a browser, and a server whose pages are isolated. Opened before the first
 * of them, closed after the last.
 */
export function useBrowser(): { readonly browser: Browser; readonly server: TestServer } {
  const opened: { browser?: Browser; server?: TestServer } = {};
  beforeAll(async () => {
    opened.browser = await startBrowser();
    opened.server = await startServer({ isolated: true });
  });
  afterAll(async () => {
    await opened.browser?.close();
    await opened.server?.close();
  });
  const present = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("is there while tests run");
    return value;
  };
  return {
    get browser() {
      return present(opened.browser);
    },
    get server() {
      return present(opened.server);
    },
  };
}
