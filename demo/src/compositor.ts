import type { Settings } from "./look.ts";

/** Puts a painted picture on a canvas, before another background where that is asked for. */
export class Compositor {
  readonly #canvas: HTMLCanvasElement | OffscreenCanvas;

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
    context.drawImage(painted, 0, 0);
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

function resize(canvas: HTMLCanvasElement | OffscreenCanvas, width: number, height: number): void {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
}

function contextOf(canvas: HTMLCanvasElement | OffscreenCanvas): Context {
  const context = canvas.getContext("2d");
  if (context && "fillRect" in context) return context;
  throw new TypeError("the canvas has no 2D context");
}
