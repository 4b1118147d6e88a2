import type { Settings } from "./look.ts";

/**
 * Puts a painted picture on a canvas: cut-outs with soft edges, and before another background where that is
 * asked for.
 */
export class Compositor {
  readonly #canvas: HTMLCanvasElement | OffscreenCanvas;
  readonly #cutout = new OffscreenCanvas(1, 1);
  readonly #coarse = new OffscreenCanvas(1, 1);
  readonly #outside = new OffscreenCanvas(1, 1);

  constructor(canvas: HTMLCanvasElement | OffscreenCanvas) {
    this.#canvas = canvas;
  }

  /** @param painted the picture in the look that `makeLook` gives for these settings */
  draw(
    painted: ImageBitmap | OffscreenCanvas,
    { effect, backdrop }: Pick<Settings, "effect" | "backdrop">,
  ): void {
    const { width, height } = painted;
    resize(this.#canvas, width, height);
    const context = contextOf(this.#canvas);
    context.clearRect(0, 0, width, height);
    if (effect === "replace") drawBackdrop(context, backdrop, width, height);
    const isCutOut = effect === "replace" || effect === "cutout";
    context.drawImage(isCutOut ? this.#soften(painted) : painted, 0, 0);
  }

  /** Fades the edges out, inwards, over about half a percent of the width. */
  #soften(cutout: ImageBitmap | OffscreenCanvas): OffscreenCanvas {
    const { width, height } = cutout;
    const cell = Math.max(2, Math.round(width / 200));
    const [columns, rows] = [Math.ceil(width / cell), Math.ceil(height / cell)];
    // How far each cell is covered.
    const coarse = clear(this.#coarse, columns, rows);
    coarse.imageSmoothingQuality = "high";
    coarse.drawImage(cutout, 0, 0, columns, rows);
    // One minus that, made smooth by the enlargement, and twice as much: all where half of a cell is covered.
    const outside = clear(this.#outside, width, height);
    outside.fillRect(0, 0, width, height);
    outside.globalCompositeOperation = "destination-out";
    outside.imageSmoothingQuality = "high";
    outside.drawImage(this.#coarse, 0, 0, width, height);
    outside.globalCompositeOperation = "lighter";
    outside.drawImage(this.#outside, 0, 0);
    const context = clear(this.#cutout, width, height);
    context.drawImage(cutout, 0, 0);
    context.globalCompositeOperation = "destination-out";
    context.drawImage(this.#outside, 0, 0);
    return this.#cutout;
  }
}

/** Fills the canvas with a color, or with a picture that covers it. */
function drawBackdrop(context: Context, backdrop: Settings["backdrop"], width: number, height: number): void {
  if (typeof backdrop === "string") {
    context.fillStyle = backdrop;
    context.fillRect(0, 0, width, height);
    return;
  }
  const scale = Math.max(width / backdrop.width, height / backdrop.height);
  const [w, h] = [backdrop.width * scale, backdrop.height * scale];
  context.drawImage(backdrop, (width - w) / 2, (height - h) / 2, w, h);
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

function clear(canvas: OffscreenCanvas, width: number, height: number): Context {
  resize(canvas, width, height);
  const context = contextOf(canvas);
  context.globalCompositeOperation = "source-over";
  context.clearRect(0, 0, width, height);
  return context;
}

function resize(canvas: HTMLCanvasElement | OffscreenCanvas, width: number, height: number): void {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
}

function contextOf(canvas: HTMLCanvasElement | OffscreenCanvas): Context {
  const context = canvas.getContext("2d");
  if (context && "fillRect" in context) return context;
  throw new TypeError("the canvas has no 2D context");
}
