import { invalidArgument } from "../../check.ts";
import { checkSegmentation } from "../../inference/check-segmentation.ts";
import type { Segmentation } from "../../inference/segmenter.ts";
import { blurRadius, checkLook, hasSoftEdges, type Look, strengthsOf } from "./look.ts";
import { computeMatte } from "./matte.ts";

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/**
 * Paints segmented pictures on a canvas by its 2D context, in the page or in a worker; keeps its buffers from
 * one to the next.
 */
export class SegmentationPainter {
  readonly #canvas: HTMLCanvasElement | OffscreenCanvas;
  readonly #context: Context;
  readonly #layer = new OffscreenCanvas(1, 1);
  readonly #layerContext = contextOf(this.#layer);
  readonly #matte = new OffscreenCanvas(1, 1);
  readonly #small = new OffscreenCanvas(1, 1);
  #pixels = new ImageData(1, 1);

  /** @param canvas takes the size of each picture; must not have a context of another kind */
  constructor(canvas: HTMLCanvasElement | OffscreenCanvas) {
    this.#canvas = canvas;
    this.#context = contextOf(canvas);
  }

  /**
   * Paints a segmented picture in a look, at the size of the segmentation.
   *
   * @param picture what was segmented, at any size
   * @throws LightsegError INVALID_ARGUMENT for a look that there is not or with numbers out of range, and for
   *   soft edges of a segmentation without scores
   */
  paint(picture: CanvasImageSource, segmentation: Segmentation, look: Look = {}): void {
    checkSegmentation(segmentation, "paint");
    checkLook(look);
    const { width, height } = segmentation;
    resize(this.#canvas, width, height);
    const context = this.#context;
    const start = Math.round((look.before ?? 0) * width);
    if (hasSoftEdges(look)) this.#fillSoftly(segmentation, look);
    else this.#fillLayer(segmentation, look);
    context.save();
    context.clearRect(0, 0, width, height);
    context.drawImage(picture, 0, 0, width, height);
    context.beginPath();
    context.rect(start, 0, width - start, height);
    context.clip();
    if (look.effect === "blur" || look.effect === "cutout") this.#paintChosen(picture, look.effect);
    else context.drawImage(this.#layer, 0, 0);
    context.restore();
  }

  /** The chosen classes as they are, over the blurred picture or over nothing. */
  #paintChosen(picture: CanvasImageSource, effect: "blur" | "cutout"): void {
    const { width, height } = this.#canvas;
    this.#layerContext.globalCompositeOperation = "source-in";
    this.#layerContext.drawImage(picture, 0, 0, width, height);
    this.#layerContext.globalCompositeOperation = "source-over";
    const context = this.#context;
    if (effect === "blur") this.#drawBlurred(picture);
    else context.clearRect(0, 0, width, height);
    context.drawImage(this.#layer, 0, 0);
  }

  /** Over the picture: at its border, what is blurred is half transparent. */
  #drawBlurred(picture: CanvasImageSource): void {
    const { width, height } = this.#canvas;
    const context = this.#context;
    const radius = blurRadius(width);
    if ("filter" in context) {
      context.filter = `blur(${radius}px)`;
      context.drawImage(picture, 0, 0, width, height);
      context.filter = "none";
      return;
    }
    // Canvases of some browsers have no filter: shrunk and enlarged, bilinearly.
    const [w, h] = [Math.ceil(width / radius), Math.ceil(height / radius)];
    resize(this.#small, w, h);
    contextOf(this.#small).drawImage(picture, 0, 0, w, h);
    contextOf(this.#canvas).drawImage(this.#small, 0, 0, width, height);
  }

  /** The color of each pixel's class, as opaque as the class is strong. */
  #fillLayer({ width, height, labels, palette }: Segmentation, look: Look): void {
    if (this.#pixels.width !== width || this.#pixels.height !== height)
      this.#pixels = new ImageData(width, height);
    resize(this.#layer, width, height);
    // RGBA of each label, as one number in the order of the machine's bytes.
    const bytes = new Uint8ClampedArray(4 * 256);
    strengthsOf(look, palette.length).forEach((strength, label) => {
      bytes.set([...((look.colors ?? palette)[label] ?? [0, 0, 0]), 255 * strength], 4 * label);
    });
    const colors = new Uint32Array(bytes.buffer);
    const pixels = new Uint32Array(this.#pixels.data.buffer);
    for (let pixel = 0; pixel < pixels.length; pixel++) pixels[pixel] = colors[labels[pixel] ?? 0] ?? 0;
    this.#layerContext.putImageData(this.#pixels, 0, 0);
  }

  /** Black, as opaque as the network is sure of the chosen classes; enlarged by the canvas, bilinearly. */
  #fillSoftly({ width, height, scores, alignCorners, palette }: Segmentation, look: Look): void {
    if (!scores) throw missingScores();
    const [, , h = 0, w = 0] = scores.shape;
    const pixels = new ImageData(w, h);
    const matte = computeMatte(scores, strengthsOf(look, palette.length));
    for (const [place, alpha] of matte.entries()) pixels.data[4 * place + 3] = alpha;
    resize(this.#matte, w, h);
    contextOf(this.#matte).putImageData(pixels, 0, 0);
    resize(this.#layer, width, height);
    this.#layerContext.clearRect(0, 0, width, height);
    // Aligned corners: the centers of the first and last pixels of both lie on each other.
    const [right, down] = alignCorners
      ? [(width - 1) / (w - 1), (height - 1) / (h - 1)]
      : [width / w, height / h];
    const [left, top] = alignCorners ? [0.5 - right / 2, 0.5 - down / 2] : [0, 0];
    this.#layerContext.drawImage(this.#matte, left, top, w * right, h * down);
  }
}

function missingScores(): Error {
  return invalidArgument("paint", "segmentation", "must have scores for soft edges: ask segment for them");
}

function resize(canvas: HTMLCanvasElement | OffscreenCanvas, width: number, height: number): void {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
}

function contextOf(canvas: HTMLCanvasElement | OffscreenCanvas): Context {
  const context = canvas.getContext("2d");
  if (context && "fillRect" in context) return context;
  throw new TypeError("the canvas has no 2D context");
}
