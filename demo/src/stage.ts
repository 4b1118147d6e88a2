import type { ClassShare, PaintedFrame, Segmentation } from "../../src/web.ts";
import { lookControls } from "./controls.ts";
import { makeDivider } from "./divider.ts";
import { Legend } from "./legend.ts";
import { makeLook, type Settings, type ShownClasses, whyEmpty } from "./look.ts";
import { part } from "./page.ts";
import { Renderer } from "./render.ts";

/** A picture, and what was found in it. */
export interface SegmentedPicture {
  readonly picture: ImageBitmap;
  readonly segmentation: Segmentation;
  readonly list: ShownClasses;
}

const frame = part("frame", HTMLElement);
const canvas = part("canvas", HTMLCanvasElement);
const hint = part("hint", HTMLElement);

/** The picture on the page, with the classes beside it that can be chosen. */
export class Stage {
  readonly #renderer = new Renderer(canvas);
  readonly #chosen = new Set<string>();
  readonly #before: () => number;
  readonly #legend: Legend;
  #highlighted: string | undefined;
  /** The photo on the canvas; frames of a video are painted where they are segmented. */
  #photo: SegmentedPicture | undefined;

  constructor() {
    this.#before = makeDivider(part("divider", HTMLElement), () => this.repaint());
    this.#legend = new Legend(part("legend", HTMLElement), {
      onHighlight: (name) => {
        this.#highlighted = name;
        this.repaint();
      },
      onChoose: (name) => {
        if (!this.#chosen.delete(name)) this.#chosen.add(name);
        this.repaint();
      },
    });
  }

  get settings(): Settings {
    const { effect, opacity, backdrop } = lookControls;
    const [chosen, highlighted, before] = [this.#chosen, this.#highlighted, this.#before()];
    return { effect, opacity, backdrop, chosen, highlighted, before };
  }

  /** Shows a picture as it is, while it is being segmented. */
  showPlain(picture: ImageBitmap): void {
    this.#photo = undefined;
    this.#begin(picture);
    frame.classList.remove("segmented");
    hint.hidden = true;
    Object.assign(canvas, { width: picture.width, height: picture.height });
    canvas.getContext("2d")?.drawImage(picture, 0, 0);
    canvas.setAttribute("aria-label", "Picture, not segmented yet");
  }

  showPhoto(photo: SegmentedPicture): void {
    this.#photo = photo;
    const names = new Set(photo.segmentation.found.map(({ name }) => name));
    for (const name of this.#chosen) if (!names.has(name)) this.#chosen.delete(name);
    this.#begin(photo.picture);
    this.#name(photo.segmentation.found);
    this.repaint();
  }

  /** A frame that was painted in the look of these settings. */
  showFrame({ picture, found }: PaintedFrame, settings: Settings, list: ShownClasses): void {
    this.#photo = undefined;
    for (const name of this.#chosen) if (!list.classes.includes(name)) this.#chosen.delete(name);
    this.#begin(picture);
    this.#name(found);
    this.#renderer.drawPainted(picture, settings);
    this.#describe(found, list);
  }

  /** Takes the picture away. @param text what stands in its place */
  clear(text: string): void {
    this.#photo = undefined;
    frame.classList.remove("filled", "segmented");
    canvas.getContext("2d")?.clearRect(0, 0, canvas.width, canvas.height);
    canvas.setAttribute("aria-label", "No picture yet");
    hint.textContent = text;
    hint.hidden = false;
    this.#legend.clear("Nothing segmented yet.");
  }

  repaint(): void {
    if (!this.#photo) return;
    const { picture, segmentation, list } = this.#photo;
    // First, since a class whose row is gone is not highlighted any more.
    this.#describe(segmentation.found, list);
    this.#renderer.draw(picture, segmentation, { settings: this.settings, list });
  }

  look(list: ShownClasses): ReturnType<typeof makeLook> {
    return makeLook(this.settings, list);
  }

  #begin({ width, height }: ImageBitmap): void {
    frame.classList.add("filled", "segmented");
    frame.style.setProperty("--ratio", String(width / height));
  }

  #describe(found: readonly ClassShare[], list: ShownClasses): void {
    const fault = whyEmpty(found, this.settings);
    hint.textContent = fault ?? "";
    hint.hidden = fault === undefined;
    const listed = this.#legend.update(found, this.#chosen, list);
    // A row that is taken away does not say that the pointer has left it.
    if (this.#highlighted !== undefined && !listed.has(this.#highlighted)) this.#highlighted = undefined;
  }

  #name(found: readonly ClassShare[]): void {
    const names = found.slice(0, 4).map(({ name, share }) => `${name} ${Math.round(100 * share)} %`);
    canvas.setAttribute("aria-label", `Segmented picture: ${names.join(", ")}`);
  }
}
