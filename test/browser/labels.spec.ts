import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodePhoto } from "../../src/images/decode.ts";
import { resizePhoto } from "../../src/images/resample.ts";
import type { Photo } from "../../src/images/types.ts";
import { Segmenter } from "../../src/inference/node-segmenter.ts";
import { callPage, missingBrowser, openPage, startBrowser } from "./browser.ts";
import { startServer, type TestServer } from "./server.ts";

interface PageResult {
  readonly results: readonly { width: number; height: number; labels: string; found: readonly string[] }[];
  readonly device: string;
  readonly deviceNote: string;
  readonly notes: readonly string[];
}

async function exampleAt(name: string, width: number, height: number): Promise<Photo> {
  return resizePhoto(await decodePhoto(`examples/${name}.jpg`), width, height);
}

/** The share of pixels that have the same label in the page and in Node. */
function agreement(labels: Uint8Array, inPage: string): number {
  const other = Buffer.from(inPage, "base64");
  expect(other.length).toBe(labels.length);
  return labels.filter((label, pixel) => label === other[pixel]).length / labels.length;
}

function sendable({ width, height, data }: Photo) {
  return { width, height, data: Buffer.from(data).toString("base64") };
}

describe.skipIf(missingBrowser)(`labels in a browser ${missingBrowser ?? ""}`, () => {
  let browser: Browser;
  let server: TestServer;

  beforeAll(async () => {
    browser = await startBrowser();
    server = await startServer({ isolated: true });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function compare(
    photos: readonly Photo[],
    options: object,
  ): Promise<PageResult & { agreements: number[] }> {
    const page = await openPage(browser, server.origin);
    const inPage = await callPage<PageResult>(page, "segmentPhotos", photos.map(sendable), options);
    await page.context().close();
    await using segmenter = await Segmenter.load();
    const agreements: number[] = [];
    for (const [index, photo] of photos.entries()) {
      const { labels, found } = await segmenter.segment(photo);
      expect(inPage.results[index]?.found).toContain(found[0]?.name);
      agreements.push(agreement(labels, inPage.results[index]?.labels ?? ""));
    }
    return { ...inPage, agreements };
  }

  it("are those of Node on WebAssembly, with threads", async () => {
    const photos = [await exampleAt("astronaut", 253, 191), await exampleAt("coffee", 301, 97)];
    const { agreements, device, deviceNote, notes } = await compare(photos, { device: "wasm" });
    expect(device).toBe("wasm");
    expect(deviceNote).toBe("WebAssembly was asked for");
    expect(notes).toEqual([]);
    for (const share of agreements) expect(share).toBeGreaterThanOrEqual(0.999);
  });

  it.each(["coffee", "chelsea"])("are those of Node when the browser decodes the photo: %s", async (name) => {
    const page = await openPage(browser, server.origin);
    const options = { device: "wasm" };
    const inPage = await callPage<PageResult["results"][0]>(
      page,
      "segmentAddress",
      `/examples/${name}.jpg`,
      options,
    );
    await page.context().close();
    await using segmenter = await Segmenter.load();
    const { labels } = await segmenter.segment(`examples/${name}.jpg`);
    // Decoders may round colours differently.
    expect(agreement(labels, inPage.labels)).toBeGreaterThanOrEqual(0.999);
  });

  it("are those of Node on WebGPU", async () => {
    const photos = [await exampleAt("coffee", 97, 65)];
    const { agreements, device, deviceNote } = await compare(photos, { device: "webgpu" });
    expect(device).toBe("webgpu");
    expect(deviceNote).toBe("WebGPU is there and gives the same as WebAssembly");
    for (const share of agreements) expect(share).toBeGreaterThanOrEqual(0.995);
  });
});
