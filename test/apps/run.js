// What every app does: the same code, bundled by each. Its title tells the test how it went.
import { Segmenter } from "lightseg/web";

export async function run(options) {
  try {
    const segmenter = await Segmenter.load("camvid-ndnet45", { device: "wasm", ...options });
    const { labels } = await segmenter.segment(new ImageData(40, 30));
    document.title = `labels: ${labels.length}, isolated: ${crossOriginIsolated}`;
    await segmenter.dispose();
  } catch (error) {
    document.title = String(error);
  }
}
