import type { LabelMap, Palette } from "../../../src/web.ts";
import type { Region } from "./strokes.ts";

/** What a model finds in a picture, and the colors of its classes. */
export interface FoundLabels {
  readonly labels: LabelMap;
  readonly colors: Palette;
}

/** Labels as a picture: each class in its color, all else transparent. */
export class LabelLayer {
  readonly canvas = new OffscreenCanvas(1, 1);

  /** @param region what has changed since the last time; defaults to all */
  fill({ width, height, data }: LabelMap, colors: Palette, region?: Region): void {
    if (this.canvas.width !== width || this.canvas.height !== height)
      Object.assign(this.canvas, { width, height });
    const { left, top, right, bottom } = region ?? { left: 0, top: 0, right: width, bottom: height };
    const pixels = new ImageData(right - left, bottom - top);
    // RGBA of each label, as one number in the order of the machine's bytes.
    const bytes = new Uint8ClampedArray(4 * 256);
    for (const [label, color] of colors.entries()) bytes.set([...color, 255], 4 * label);
    const numbers = new Uint32Array(bytes.buffer);
    const target = new Uint32Array(pixels.data.buffer);
    for (let y = top, at = 0; y < bottom; y++)
      for (let x = left; x < right; x++) target[at++] = numbers[data[y * width + x] ?? 255] ?? 0;
    this.canvas.getContext("2d")?.putImageData(pixels, left, top);
  }
}
