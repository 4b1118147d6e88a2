import type { Page } from "playwright-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callPage, missingBrowser, openPage } from "./browser.ts";
import { expectSmoothing } from "./expect-smoothing.ts";
import { useBrowser } from "./use-browser.ts";

interface Painted {
  readonly device: string;
  readonly results: readonly {
    readonly size: readonly number[];
    readonly labels: number;
    readonly bytes: number;
    readonly distance: number;
    readonly pixels: number;
    readonly first: readonly string[];
  }[];
}

describe.skipIf(missingBrowser)(`a painted video in a browser ${missingBrowser ?? ""}`, () => {
  const shared = useBrowser();
  let page: Page;

  beforeEach(async () => {
    page = await openPage(shared);
  });
  afterEach(() => page.context().close());

  it.each([
    { device: "webgpu", model: "voc", photo: "chelsea", width: 97, height: 65 },
    { device: "wasm", model: "voc", photo: "chelsea", width: 151, height: 97 },
  ])("has the labels and the pictures of WebAssembly: $model on $device", async ({ photo, ...options }) => {
    const { width, height, ...others } = options;
    const address = `/examples/${photo}.jpg`;
    const { device, results } = await callPage<Painted>(
      page,
      "paintPhoto",
      address,
      { width, height },
      others,
    );
    expect(device).toBe(options.device);
    expect(results).toHaveLength(6);
    for (const { size, labels, pixels, first } of results) {
      expect(size).toEqual([width, height]);
      expect(labels).toBeGreaterThanOrEqual(0.995);
      expect(pixels).toBe(width * height);
      expect(first[0]).toBe(first[1]);
    }
    // Overlay, overlay of other strengths beside the plain picture, cut-outs with hard and soft edges.
    for (const { bytes } of results.slice(0, 4)) expect(bytes).toBeGreaterThanOrEqual(0.98);
    // On the GPU the blur has another kernel.
    for (const { distance } of results.slice(4)) expect(distance).toBeLessThan(8);
  });

  it("closes frames and pictures", async () => {
    // Each frame when it comes back, and each picture but the last when the next one is asked for.
    expect(await callPage(page, "countClosed", 20)).toBe(20 + 19);
  });

  it("is shrunk where it has too many pixels", async () => {
    // sqrt(1000 / (100 x 80)) = 0.354
    const options = { device: "wasm", maxPixels: 1000 };
    expect(await callPage(page, "paintedSize", { width: 100, height: 80 }, options)).toEqual({
      width: 35,
      height: 28,
      pixels: 35 * 28,
    });
  });

  it.each(["webgpu", "wasm"])("is smoothed on %s", async (device) => {
    await expectSmoothing(page, { device, way: "paint" });
  });
});
