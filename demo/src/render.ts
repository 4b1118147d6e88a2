import { type Segmentation, SegmentationPainter } from "../../src/web.ts";
import { Compositor } from "./compositor.ts";
import { makeLook, type Settings, type ShownClasses } from "./look.ts";

/** Draws segmented pictures with the visitor's settings on a canvas. */
export class Renderer {
  readonly #painted = new OffscreenCanvas(1, 1);
  readonly #painter = new SegmentationPainter(this.#painted);
  readonly #compositor: Compositor;

  constructor(canvas: HTMLCanvasElement | OffscreenCanvas) {
    this.#compositor = new Compositor(canvas);
  }

  /** A picture, and what was found in it. */
  draw(
    picture: CanvasImageSource,
    segmentation: Segmentation,
    shown: { settings: Settings; list: ShownClasses },
  ): void {
    this.#painter.paint(picture, segmentation, makeLook(shown.settings, shown.list));
    this.#compositor.draw(this.#painted, shown.settings);
  }

  /** A frame that was painted already, in the look of the same settings. */
  drawPainted(painted: ImageBitmap, settings: Settings): void {
    this.#compositor.draw(painted, settings);
  }
}
