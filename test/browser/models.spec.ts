import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deviceFiles } from "../../src/browser/packaged.ts";
import { listShippedModels } from "../../src/model-files/node/shipped.ts";
import { callPage, missingBrowser, openPage } from "./browser.ts";
import type { Fault } from "./server.ts";
import { useBrowser } from "./use-browser.ts";

interface Attempt {
  readonly progress: readonly { file: string; loaded: number; total: number }[];
  readonly error?: { readonly code: string; readonly message: string };
}

const MODEL = "camvid-ndnet45";
const FILE = "camvid-ndnet45.safetensors";
const { engine: ENGINE, engineBytes: ENGINE_BYTES } = deviceFiles.wasm;

describe.skipIf(missingBrowser)(`models in a browser ${missingBrowser ?? ""}`, () => {
  const shared = useBrowser();
  let page: Page;
  let entry: { bytes: number; sha256: string };

  beforeAll(async () => {
    entry = JSON.parse(await readFile("models/manifest.json", "utf8"))[MODEL];
  });
  beforeEach(async () => {
    page = await openPage(shared);
    shared.server.requests.length = 0;
  });
  afterEach(() => page.context().close());

  function load(fault?: Fault): Promise<Attempt> {
    const modelsUrl = fault ? { modelsUrl: `/faulty/${fault}/models` } : {};
    return callPage<Attempt>(page, "tryLoad", MODEL, { device: "wasm", ...modelsUrl });
  }
  const downloads = () => shared.server.requests.filter((path) => path.endsWith(FILE)).length;

  it("are downloaded with progress, kept, and not downloaded again", async () => {
    expect(await callPage(page, "listModels")).toEqual(await listShippedModels());
    expect(await callPage(page, "listCached")).toEqual([]);
    const { progress, error } = await load();
    expect(error).toBeUndefined();
    // Engine and model are one account from the first event on, in the order of bytes.
    const total = ENGINE_BYTES + entry.bytes;
    expect(new Set(progress.map((event) => event.total))).toEqual(new Set([total]));
    expect(new Set(progress.map(({ file }) => file))).toEqual(new Set([ENGINE, FILE]));
    expect(progress[0]?.loaded).toBe(0);
    expect(progress.at(-1)?.loaded).toBe(total);
    const loaded = progress.map((event) => event.loaded);
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
    expect(await callPage(page, "listCached")).toEqual([
      { file: FILE, bytes: entry.bytes, sha256: entry.sha256 },
    ]);
    expect(downloads()).toBe(1);
    expect(await load()).toEqual({ progress: [] });
    expect(downloads()).toBe(1);
    await callPage(page, "clearCache");
    expect(await callPage(page, "listCached")).toEqual([]);
    expect((await load()).progress.at(-1)).toEqual({ file: FILE, loaded: entry.bytes, total: entry.bytes });
  });

  it("are there without a network once they were loaded", async () => {
    await load();
    await page.context().setOffline(true);
    expect(await load()).toEqual({ progress: [] });
    await callPage(page, "clearCache");
    const { error } = await load("404");
    expect(error?.code).toBe("RUNTIME");
    expect(error?.message).toMatch(
      /manifest\.json could not be fetched: Failed to fetch \(is there a network/,
    );
  });

  it("are there while the server fails, once they were loaded", async () => {
    await load();
    await page.route("**/manifest.json", (route) => route.fulfill({ status: 503 }));
    expect(await load()).toEqual({ progress: [] });
  });

  it("are downloaded where the browser must keep nothing", async () => {
    // As in a frame in a sandbox.
    await page.evaluate("Object.defineProperty(self, 'origin', { value: 'null' })");
    await page.evaluate("caches.open = () => Promise.reject(new DOMException('blocked', 'SecurityError'))");
    expect((await load()).error).toBeUndefined();
    expect(downloads()).toBe(1);
    expect(await callPage(page, "listCached")).toEqual([]);
    await callPage(page, "clearCache");
  });

  it("are downloaded once for loads at the same time, and those that fail leave the others theirs", async () => {
    const { errors, totals } = await callPage<{ errors: string[]; totals: number[] }>(
      page,
      "loadTogether",
      MODEL,
    );
    expect(errors.toSorted()).toEqual(["enough", "the page's own"]);
    expect(totals).toEqual([ENGINE_BYTES + entry.bytes, ENGINE_BYTES + entry.bytes]);
    expect(downloads()).toBe(1);
    expect(shared.server.requests.filter((path) => path.endsWith(ENGINE))).toHaveLength(1);
  });

  it("are refused when damaged, fetched once more, and then reported", async () => {
    const { error } = await load("changed");
    expect(error?.code).toBe("INVALID_WEIGHTS");
    expect(error?.message).toContain(`${FILE} must be the file that the manifest names: its SHA-256 is `);
    expect(downloads()).toBe(2);
    expect(await callPage(page, "listCached")).toEqual([]);
  });

  it("are downloaded again when what was kept has changed", async () => {
    await load();
    await callPage(page, "spoilCache");
    const { progress, error } = await load();
    expect(error).toBeUndefined();
    expect(progress.at(-1)?.loaded).toBe(entry.bytes);
    expect(await load()).toEqual({ progress: [] });
  });

  it("are taken when they come whole the second time", async () => {
    expect((await load("changed-once")).error).toBeUndefined();
    expect(downloads()).toBe(2);
    expect(await callPage(page, "listCached")).toHaveLength(1);
  });

  it.each<[Fault, string, (bytes: number) => string, number]>([
    [
      "cut",
      "INVALID_WEIGHTS",
      (bytes) => `it was cut off after ${Math.floor(bytes / 2)} of ${bytes} bytes`,
      2,
    ],
    [
      "lost",
      "INVALID_WEIGHTS",
      (bytes) => `the connection was lost after \\d+ of ${bytes} bytes \\(network`,
      2,
    ],
    ["404", "NOT_FOUND", () => `${FILE} could not be fetched: the server answered 404 Not Found$`, 1],
    ["page", "NOT_FOUND", () => "is not on the server, which sent a web page in its place$", 1],
  ])("are reported with the reason: %s", async (fault, code, message, fetched) => {
    const { error } = await load(fault);
    expect(error?.code).toBe(code);
    expect(error?.message).toMatch(new RegExp(message(entry.bytes)));
    expect(downloads()).toBe(fetched);
  });

  it("may be files of one's own, by their address", async () => {
    const load = (path: string) => callPage<Attempt>(page, "tryLoad", path, { device: "wasm" });
    const { progress, error } = await load(`/models/${FILE}`);
    expect(error).toBeUndefined();
    expect(progress.at(-1)?.loaded).toBe(ENGINE_BYTES + entry.bytes);
    const { error: noModel } = await load("/examples/coffee.jpg");
    expect(noModel?.code).toBe("INVALID_WEIGHTS");
    expect(noModel?.message).toMatch(
      /^readWeights: coffee\.jpg: the file is cut off or not a safetensors file/,
    );
    const { error: unknown } = await load("nowhere");
    expect(unknown?.message).toContain(
      'must be a model of the manifest, or the address of a model file, got "nowhere"',
    );
  });
});
