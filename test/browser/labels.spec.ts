import { describe, expect, it } from "vitest";
import { decodePhoto } from "../../src/images/node/decode.ts";
import { resizePhoto } from "../../src/images/resample.ts";
import type { Photo } from "../../src/images/types.ts";
import { Segmenter } from "../../src/inference/node/node-segmenter.ts";
import type { Dtype } from "../../src/model-files/dtype.ts";
import { callPage, missingBrowser, openPage, sendable } from "./browser.ts";
import { useBrowser } from "./use-browser.ts";

interface PageResult {
  readonly results: readonly { width: number; height: number; labels: string; found: readonly string[] }[];
  readonly device: string;
  readonly dtype: Dtype;
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

describe.skipIf(missingBrowser)(`labels in a browser ${missingBrowser ?? ""}`, () => {
  const shared = useBrowser();

  async function compare(
    photos: readonly Photo[],
    { device, model, dtype }: { device: string; model: string; dtype: Dtype },
  ): Promise<PageResult & { agreements: number[] }> {
    const page = await openPage(shared);
    const inPage = await callPage<PageResult>(page, "segmentPhotos", photos.map(sendable), {
      device,
      model,
      dtype,
    });
    await page.context().close();
    expect(inPage.dtype).toBe(dtype);
    await using segmenter = await Segmenter.load(model, { dtype });
    const agreements: number[] = [];
    for (const [index, photo] of photos.entries()) {
      const { labels, found } = await segmenter.segment(photo);
      expect(inPage.results[index]?.found).toContain(found[0]?.name);
      agreements.push(agreement(labels, inPage.results[index]?.labels ?? ""));
    }
    return { ...inPage, agreements };
  }

  it.each<[string, Dtype]>([
    ["voc", "fp32"],
    ["voc", "fp16"],
    ["voc", "int8"],
    ["camvid", "fp32"],
    ["camvid", "int8"],
  ])("are those of Node on WebAssembly, with threads: %s in %s", async (model, dtype) => {
    const photos = [await exampleAt("astronaut", 253, 191), await exampleAt("coffee", 301, 97)];
    const { agreements, device, deviceNote, notes } = await compare(photos, { device: "wasm", model, dtype });
    expect(device).toBe("wasm");
    expect(deviceNote).toBe("WebAssembly was asked for");
    expect(notes).toEqual([]);
    // Whole numbers are the same everywhere; see `avoidHalves`.
    for (const share of agreements) expect(share).toBeGreaterThanOrEqual(dtype === "int8" ? 1 : 0.999);
  });

  it.each(["coffee", "chelsea"])("are those of Node when the browser decodes the photo: %s", async (name) => {
    const page = await openPage(shared);
    const options = { device: "wasm", dtype: "fp32" };
    const inPage = await callPage<PageResult["results"][0]>(
      page,
      "segmentAddress",
      `/examples/${name}.jpg`,
      options,
    );
    await page.context().close();
    await using segmenter = await Segmenter.load(undefined, { dtype: "fp32" });
    const { labels } = await segmenter.segment(`examples/${name}.jpg`);
    // Decoders may round colors differently.
    expect(agreement(labels, inPage.labels)).toBeGreaterThanOrEqual(0.999);
  });

  it.each(["voc", "camvid"])("are those of Node on WebGPU: %s", async (model) => {
    const photos = [await exampleAt("coffee", 97, 65)];
    const options = { device: "webgpu", model, dtype: "fp32" } as const;
    const { agreements, device, deviceNote } = await compare(photos, options);
    expect(device).toBe("webgpu");
    expect(deviceNote).toBe("WebGPU is there and gives the same as WebAssembly");
    for (const share of agreements) expect(share).toBeGreaterThanOrEqual(0.995);
  });

  it("come in int8 from WebAssembly alone, and only when asked for", async () => {
    const page = await openPage(shared);
    const load = (options: object) => callPage<PageResult>(page, "segmentPhotos", [], options);
    expect(await load({ model: "voc" })).toMatchObject({ device: "wasm", dtype: "fp32" });
    expect(await load({ model: "voc", dtype: "int8" })).toMatchObject({
      device: "wasm",
      deviceNote: "WebAssembly, where int8 runs",
    });
    expect(await load({ model: "/models/voc.int8.onnx" })).toMatchObject({ device: "wasm", dtype: "int8" });
    const refusals = [
      { model: "voc", dtype: "int8", device: "webgpu" },
      { model: "camvid-ndnet45", dtype: "int8" },
      { model: "/models/voc.int8.onnx", dtype: "fp16", device: "wasm" },
      { model: "/models/voc.safetensors", dtype: "int8" },
      // That of these tests is one in software.
      { model: "voc", dtype: "fp16", device: "webgpu" },
      { model: "/test/fixtures/no-model.onnx" },
    ];
    const messages = [];
    for (const { model, ...options } of refusals) {
      const { error } = await callPage<{ error?: { code: string; message: string } }>(
        page,
        "tryLoad",
        model,
        options,
      );
      messages.push(`${error?.code}: ${error?.message}`);
    }
    expect(messages).toEqual([
      expect.stringContaining("RUNTIME: Segmenter.load: engine must be WebAssembly for models in int8"),
      expect.stringContaining("INVALID_ARGUMENT: Segmenter.load: dtype must not be int8 for camvid-ndnet45"),
      expect.stringContaining("INVALID_ARGUMENT: Segmenter.load: dtype must be int8 for voc.int8.onnx"),
      expect.stringContaining("INVALID_ARGUMENT: Segmenter.load: dtype must not be int8 for voc.safetensors"),
      expect.stringContaining(
        "RUNTIME: Segmenter.load: WebGPU must be available: its adapter does not compute in fp16",
      ),
      expect.stringContaining("NOT_FOUND"),
    ]);
    await page.context().close();
  });
});
