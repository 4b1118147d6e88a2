import { decode } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { missingBrowser, openPage } from "./browser.ts";
import { useBrowser } from "./use-browser.ts";

interface Results {
  readonly cutout: string;
  readonly mask: string;
  readonly cat: { readonly pixels: number; readonly share: number };
  readonly sizes: readonly number[];
  readonly nearest: readonly { name: string; probability: number }[];
  readonly errors: readonly string[];
  readonly sureness: number | undefined;
  /** Share of the pixels that a blur leaves as they are, with the canvas's filter and without. */
  readonly kept: readonly number[];
}

/** What a page does with a photo of a cat. */
const script = `(async () => {
  const lightseg = await import("/dist/web.js");
  const { classMask, probabilitiesAt, Segmenter, toBlob, toCanvas, toImageBitmap } = lightseg;
  const encode = async (blob) => {
    let text = "";
    for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
    return btoa(text);
  };
  const errorOf = async (work) => { try { await work(); } catch (error) { return error.code + ": " + error.message; } };
  await using segmenter = await Segmenter.load("voc", { device: "wasm" });
  const photo = "/examples/chelsea.jpg";
  const result = await segmenter.segment(photo, { softMask: ["cat"], scores: true });
  const plain = await segmenter.segment(new ImageData(32, 24));
  const sure = await segmenter.segment(photo, { meanConfidence: true });
  const closed = new VideoFrame(toCanvas(result), { timestamp: 0 });
  closed.close();
  const pixelsOf = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const before = pixelsOf(toCanvas(result, { look: { strengths: new Array(21).fill(0) } }));
  const blurAll = () => {
    const look = { effect: "blur", strengths: new Array(21).fill(0) };
    const after = pixelsOf(toCanvas(result, { look }));
    return after.filter((value, at) => at % 4 < 3 && value === before[at]).length / (0.75 * after.length);
  };
  const kept = [blurAll()];
  delete OffscreenCanvasRenderingContext2D.prototype.filter;
  kept.push(blurAll());
  const cat = result.found.find(({ name }) => name === "cat");
  const bitmap = toImageBitmap(result, { look: { effect: "cutout" } });
  const canvas = toCanvas(result, { show: "labels" });
  return {
    cutout: await encode(await segmenter.cutout(photo, ["cat"])),
    mask: await encode(await toBlob(result, { show: "mask" })),
    cat: { pixels: classMask(result, "cat").filter((value) => value === 255).length, share: cat.pixels },
    sizes: [bitmap.width, bitmap.height, canvas.width, canvas.height],
    nearest: probabilitiesAt(result, { x: 225, y: 150 }),
    sureness: sure.meanConfidence,
    kept,
    errors: [
      await errorOf(() => segmenter.cutout(photo, ["cow!"])),
      await errorOf(() => toBlob(plain, { show: "mask" })),
      await errorOf(() => probabilitiesAt(plain, { x: 1, y: 1 })),
      await errorOf(() => classMask(plain, "unicorn")),
      await errorOf(() => segmenter.segment(closed)),
      await errorOf(() => segmenter.segment(photo, { softmask: ["cat"] })),
      await errorOf(() => toBlob(result, { look: { effect: "blurr" } })),
      await errorOf(() => toBlob(result, { shwo: "mask" })),
      await errorOf(() => Segmenter.load({ model: "voc" })),
      await errorOf(() => Segmenter.load("voc", null)),
      await errorOf(() => lightseg.listModels({ modelUrl: "/models" })),
      await errorOf(() => lightseg.exportOnnx(5)),
      await errorOf(() => lightseg.fineTune(undefined)),
      await errorOf(() => probabilitiesAt(result, { x: 1, y: 1, radios: 2 })),
      await errorOf(() => toBlob(segmenter.segment(photo))),
      await errorOf(() => lightseg.renderLabels(5)),
      await errorOf(() => classMask(5, "cat")),
      await errorOf(() => new lightseg.SegmentationPainter(canvas).paint(canvas, 5)),
      await errorOf(() => segmenter.stream(5)),
      await errorOf(() => segmenter.paint(canvas)),
    ],
  };
})()`;

describe.skipIf(missingBrowser)(`results in a browser ${missingBrowser ?? ""}`, () => {
  const shared = useBrowser();
  let results: Results;

  beforeAll(async () => {
    const page = await openPage(shared);
    results = await page.evaluate(script);
    await page.context().close();
  });

  it("cut a class out, with soft edges", () => {
    const { width, height, channels, data } = decode(Buffer.from(results.cutout, "base64"));
    expect([width, height, channels]).toEqual([451, 300, 4]);
    const alpha = data.filter((_, at) => at % 4 === 3);
    expect(alpha[150 * 451 + 225]).toBeGreaterThan(200);
    // Sure here, unsure between.
    expect(alpha.some((value) => value > 60 && value < 200)).toBe(true);
    const mask = decode(Buffer.from(results.mask, "base64"));
    expect(mask.data.filter((_, at) => at % mask.channels === 0)).toEqual(alpha);
  });

  it("are masks, canvases and probabilities", () => {
    expect(results.cat.pixels).toBe(results.cat.share);
    expect(results.sizes).toEqual([451, 300, 451, 300]);
    expect(results.nearest[0]?.name).toBe("cat");
    const sum = results.nearest.reduce((total, { probability }) => total + probability, 0);
    expect(sum).toBeCloseTo(1, 5);
  });

  it("are blurred with and without the filters of canvases", () => {
    const [filtered = 1, shrunk = 1] = results.kept;
    expect(filtered).toBeLessThan(0.5);
    expect(shrunk).toBeLessThan(0.5);
  });

  it("say how sure they are, where asked", () => {
    expect(results.sureness).toBeGreaterThan(0.6);
    expect(results.sureness).toBeLessThan(1);
  });

  it("say what is missing", () => {
    expect(results.errors).toEqual([
      expect.stringMatching(/^INVALID_ARGUMENT: segment: class must be one of background, .*, got "cow!"$/),
      expect.stringMatching(/^INVALID_ARGUMENT: toCanvas: segmentation must have a soft mask/),
      expect.stringMatching(/^INVALID_ARGUMENT: probabilitiesAt: segmentation must have scores/),
      expect.stringMatching(/^INVALID_ARGUMENT: classMask: class must be one of /),
      expect.stringMatching(/^INVALID_IMAGE: segment: VideoFrame has no picture that can be read: /),
      expect.stringMatching(/^INVALID_ARGUMENT: segment: option must be one of confidence, /),
      'INVALID_ARGUMENT: paint: effect must be one of overlay, blur, cutout, got "blurr"',
      'INVALID_ARGUMENT: toCanvas: option must be one of show, look, got "shwo"',
      expect.stringMatching(/^INVALID_ARGUMENT: Segmenter.load: model must be a name, .* Blob, got {model} /),
      "INVALID_ARGUMENT: Segmenter.load: options must be an object, got null",
      'INVALID_ARGUMENT: listModels: option must be one of assetsUrl, modelsUrl, signal, got "modelUrl"',
      expect.stringMatching(/^INVALID_ARGUMENT: exportOnnx: model must be a name, .* Blob, got 5 /),
      "INVALID_ARGUMENT: fineTune: options must be an object",
      'INVALID_ARGUMENT: probabilitiesAt: option must be one of x, y, radius, got "radios"',
      "INVALID_ARGUMENT: toCanvas: segmentation must be what segment gives, got Promise (await it)",
      "INVALID_ARGUMENT: renderLabels: segmentation must be what segment gives, got 5",
      "INVALID_ARGUMENT: classMask: segmentation must be what segment gives, got 5",
      "INVALID_ARGUMENT: paint: segmentation must be what segment gives, got 5",
      "INVALID_ARGUMENT: stream: video must be an HTMLVideoElement, got 5",
      "INVALID_ARGUMENT: paint: video must be an HTMLVideoElement, got OffscreenCanvas",
    ]);
  });
});
