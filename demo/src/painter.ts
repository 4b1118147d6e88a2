import type { Segmentation } from "../../src/web.ts";

export type Effect = "overlay" | "blur" | "cutout";

/** How a segmented picture is shown. */
export interface Look {
  readonly effect: Effect;
  /** Of the colours, 0..1. */
  readonly opacity: number;
  /** The class under the pointer, which stands out. */
  readonly highlighted: number | undefined;
  /** Classes that were chosen; none stands for all but the first, which is the background. */
  readonly chosen: ReadonlySet<number>;
  /** Share of the width, from the left, that shows the picture as it is. */
  readonly before: number;
}

/** Draws pictures with their labels on a canvas; keeps its buffers from frame to frame. */
export class Painter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #layer = document.createElement("canvas");
  #pixels = new ImageData(1, 1);

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = contextOf(canvas);
  }

  paint(picture: CanvasImageSource, segmentation: Segmentation, look: Look): void {
    const { width, height } = segmentation;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    const context = this.#context;
    const start = Math.round(look.before * width);
    this.#fillLayer(segmentation, look);
    context.save();
    context.clearRect(0, 0, width, height);
    context.drawImage(picture, 0, 0, width, height);
    context.beginPath();
    context.rect(start, 0, width - start, height);
    context.clip();
    if (look.effect === "overlay") context.drawImage(this.#layer, 0, 0);
    else this.#paintChosen(picture, look.effect);
    context.restore();
  }

  /** The chosen classes as they are, over the blurred picture or over nothing. */
  #paintChosen(picture: CanvasImageSource, effect: "blur" | "cutout"): void {
    const { width, height } = this.#canvas;
    const layer = contextOf(this.#layer);
    layer.globalCompositeOperation = "source-in";
    layer.drawImage(picture, 0, 0, width, height);
    layer.globalCompositeOperation = "source-over";
    const context = this.#context;
    context.clearRect(0, 0, width, height);
    if (effect === "blur") {
      context.filter = `blur(${Math.max(4, Math.round(width / 60))}px)`;
      context.drawImage(picture, 0, 0, width, height);
      context.filter = "none";
    }
    context.drawImage(this.#layer, 0, 0);
  }

  /** The colour of each pixel's class; for the other effects, opaque where a class was chosen. */
  #fillLayer({ width, height, labels, palette }: Segmentation, look: Look): void {
    if (this.#pixels.width !== width || this.#pixels.height !== height) {
      this.#pixels = new ImageData(width, height);
      this.#layer.width = width;
      this.#layer.height = height;
    }
    const colours = classColours(palette, look);
    const pixels = new Uint32Array(this.#pixels.data.buffer);
    for (let pixel = 0; pixel < pixels.length; pixel++) pixels[pixel] = colours[labels[pixel] ?? 0] ?? 0;
    contextOf(this.#layer).putImageData(this.#pixels, 0, 0);
  }
}

/** RGBA of each label, as one number in the order of the machine's bytes. */
function classColours(palette: Segmentation["palette"], look: Look): Uint32Array {
  const { effect, opacity, highlighted, chosen } = look;
  const bytes = new Uint8ClampedArray(4 * 256);
  palette.forEach(([red, green, blue], label) => {
    const isChosen = chosen.size > 0 ? chosen.has(label) : label !== 0;
    const dimmed = highlighted !== undefined && highlighted !== label;
    const strength = dimmed ? 0.15 * opacity : highlighted === label ? Math.max(0.75, opacity) : opacity;
    const shown = effect !== "overlay" ? Number(isChosen) : chosen.size === 0 || isChosen ? strength : 0;
    bytes.set([red, green, blue, 255 * shown], 4 * label);
  });
  return new Uint32Array(bytes.buffer);
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser cannot draw on a canvas");
  return context;
}
