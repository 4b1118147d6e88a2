// The library in a worker of the page's own, as in a browser without VideoFrame.
delete globalThis.VideoFrame;
const { Segmenter } = await import("/dist/web.js");

try {
  const segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm", modelsUrl: "/models" });
  const canvas = new OffscreenCanvas(40, 30);
  canvas.getContext("2d").fillRect(0, 0, 20, 20);
  const blob = await canvas.convertToBlob();
  const sources = [canvas, blob, await createImageBitmap(blob), "/examples/coffee.jpg"];
  const results = await Promise.all(sources.map((source) => segmenter.segment(source)));
  postMessage(results.map(({ labels }) => labels.length));
} catch (error) {
  postMessage(String(error));
}
