import type { Palette } from "../../../src/web.ts";
import { type FoundLabels, LabelLayer } from "./label-layer.ts";
import type { TeachPicture } from "./pictures.ts";
import type { Point, Region } from "./strokes.ts";
import type { Zoom } from "./zoom.ts";

/** What the pointer paints with. */
export interface Brush {
  /** The diameter on the screen, in CSS pixels. */
  readonly size: number;
  /** A class, or `UNPAINTED` for the eraser. */
  readonly label: number;
}

export interface SurfaceOptions {
  readonly canvas: HTMLCanvasElement;
  readonly zoom: Zoom;
  /** @param erases whether the pointer is the eraser end of a pen */
  readonly brush: (erases: boolean) => Brush;
  readonly colors: () => Palette;
  /** A stroke was painted, undone or redone. */
  readonly onStroke: (picture: TeachPicture) => void;
}

const STROKE_OPACITY = 0.75;
const PREVIEW_OPACITY = 0.45;
/** In `buttons` of pointer events. */
const PEN_ERASER = 32;

/** The picture that is painted on: by mouse, finger or pen; two fingers zoom and move it. */
export class Surface {
  readonly #options: SurfaceOptions;
  readonly #context: CanvasRenderingContext2D;
  readonly #layer = new LabelLayer();
  readonly #previewLayer = new LabelLayer();
  /** Where each finger is. */
  readonly #pointers = new Map<number, PointerEvent>();
  #picture: TeachPicture | undefined;
  #preview = false;
  #last: Point | undefined;
  #ring: Point | undefined;
  #isDrawing = false;

  constructor(options: SurfaceOptions) {
    this.#options = options;
    const { canvas } = options;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("the canvas has no 2D context");
    this.#context = context;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"] as const)
      canvas.addEventListener(type, (event) => this.#up(event));
    canvas.addEventListener("pointerleave", () => this.#showRing(undefined));
  }

  show(picture: TeachPicture | undefined): void {
    this.#picture = picture;
    this.#preview = false;
    if (!picture) return;
    const { width, height } = picture.bitmap;
    Object.assign(this.#options.canvas, { width, height });
    this.repaint();
  }

  /** Shows what a model finds in the picture; undefined takes it away. */
  showPreview(found: FoundLabels | undefined): void {
    this.#preview = found !== undefined;
    if (found) this.#previewLayer.fill(found.labels, found.colors);
    this.#draw();
  }

  /** After labels or colors have changed elsewhere. */
  repaint(region?: Region): void {
    if (!this.#picture) return;
    const { width, height, labels } = this.#picture.strokes;
    this.#layer.fill({ width, height, data: labels }, this.#options.colors(), region);
    this.#draw();
  }

  undo(): void {
    this.#change(this.#picture?.strokes.undo());
  }

  redo(): void {
    this.#change(this.#picture?.strokes.redo());
  }

  #change(region: Region | undefined): void {
    if (!region || !this.#picture) return;
    this.repaint(region);
    this.#options.onStroke(this.#picture);
  }

  #down(event: PointerEvent): void {
    const { canvas, zoom } = this.#options;
    if (!this.#picture || (event.button !== 0 && !(event.buttons & PEN_ERASER))) return;
    canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, event);
    const [one, other] = this.#pointers.values();
    if (one && other) {
      // The first finger did not mean to paint.
      const region = this.#picture.strokes.cancel();
      this.#last = undefined;
      if (region) this.repaint(region);
      zoom.pinch(one, other);
      return;
    }
    this.#picture.strokes.begin();
    this.#last = this.#place(event);
    this.#paint(event, this.#last);
  }

  #move(event: PointerEvent): void {
    this.#showRing(event.pointerType === "touch" ? undefined : this.#place(event));
    if (!this.#pointers.has(event.pointerId)) return;
    this.#pointers.set(event.pointerId, event);
    const [one, other] = this.#pointers.values();
    if (one && other) {
      this.#options.zoom.pinch(one, other);
      return;
    }
    const steps = event.getCoalescedEvents();
    for (const step of steps.length > 0 ? steps : [event]) this.#paint(event, this.#place(step));
  }

  #up(event: PointerEvent): void {
    if (!this.#pointers.delete(event.pointerId)) return;
    this.#options.zoom.endPinch();
    this.#last = undefined;
    if (this.#picture?.strokes.end()) this.#options.onStroke(this.#picture);
  }

  #paint(event: PointerEvent, to: Point): void {
    if (!this.#picture || !this.#last) return;
    const { size, label } = this.#options.brush((event.buttons & PEN_ERASER) !== 0);
    const region = this.#picture.strokes.paint(this.#last, to, { label, radius: this.#radius(size) });
    this.#last = to;
    if (region) this.repaint(region);
  }

  /** In pixels of the picture. */
  #radius(size: number): number {
    const { canvas } = this.#options;
    return Math.max(0.5, (size / 2) * (canvas.width / canvas.clientWidth));
  }

  #place({ clientX, clientY }: PointerEvent): Point {
    const { canvas } = this.#options;
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return {
      x: ((clientX - left) * canvas.width) / width - 0.5,
      y: ((clientY - top) * canvas.height) / height - 0.5,
    };
  }

  #showRing(at: Point | undefined): void {
    this.#ring = at;
    this.#draw();
  }

  /** Draws before the next picture of the screen, once. */
  #draw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      this.#drawNow();
    });
  }

  #drawNow(): void {
    if (!this.#picture) return;
    const context = this.#context;
    const { bitmap } = this.#picture;
    context.drawImage(bitmap, 0, 0);
    context.globalAlpha = PREVIEW_OPACITY;
    // While it learns, previews are as small as the network sees the picture.
    if (this.#preview) context.drawImage(this.#previewLayer.canvas, 0, 0, bitmap.width, bitmap.height);
    context.globalAlpha = STROKE_OPACITY;
    context.drawImage(this.#layer.canvas, 0, 0);
    context.globalAlpha = 1;
    if (!this.#ring) return;
    const { size } = this.#options.brush(false);
    context.beginPath();
    context.arc(this.#ring.x + 0.5, this.#ring.y + 0.5, this.#radius(size), 0, 2 * Math.PI);
    for (const [color, width] of [["#000", 3] as const, ["#fff", 1.5] as const]) {
      context.strokeStyle = color;
      context.lineWidth = (width * context.canvas.width) / context.canvas.clientWidth;
      context.stroke();
    }
  }
}
