import { fetchExample } from "../inputs.ts";
import { openPhoto } from "../open-photo.ts";
import { messageOf, part } from "../page.ts";
import { makeTask, type Task } from "../task.ts";
import { LossCurve } from "./curve.ts";
import { connectKeeping, showModel } from "./keeping.ts";
import type { FoundLabels } from "./label-layer.ts";
import { learn } from "./learning.ts";
import { Lists } from "./lists.ts";
import { onPress, tell, tellError } from "./messages.ts";
import { isPainted, type TeachPicture } from "./pictures.ts";
import { drawHeldOut, Previewer } from "./previewer.ts";
import { Surface } from "./surface.ts";
import { Tools } from "./tools.ts";
import { Viewer } from "./viewer.ts";
import { Work } from "./work.ts";
import { Zoom } from "./zoom.ts";

const view = part("teach", HTMLElement);
const canvas = part("teach-canvas", HTMLCanvasElement);
const frame = part("teach-frame", HTMLElement);
const preview = part("preview", HTMLInputElement);

/** The Teach panel: pictures are painted, a model is learned from the strokes, and used. */
export class TeachPanel {
  readonly #work = new Work((error) =>
    tellError(
      new Error(`This browser keeps nothing of your work (${messageOf(error)}): save it before you leave.`),
    ),
  );
  readonly #tools = new Tools();
  readonly #previewer = new Previewer();
  readonly #surface: Surface;
  readonly #viewer: Viewer;
  readonly #lists: Lists;
  readonly #learning: Task;
  #picture: TeachPicture | undefined;
  #label = 1;
  #isRead: Promise<void> | undefined;

  /** @param onUse gets a model file, to be used on camera, photos and clips */
  constructor(onUse: (file: Blob, classes: readonly string[]) => void) {
    const zoom = new Zoom(part("teach-scroll", HTMLElement), canvas);
    this.#surface = new Surface({
      ...{ canvas, zoom },
      brush: (erases) => this.#tools.brush(this.#label, erases),
      colors: () => this.#colors,
      onStroke: (picture) => this.#do(this.#keepStrokes(picture)),
    });
    this.#viewer = new Viewer((picture) => this.#add(picture), tellError);
    this.#tools.connect({
      ...{ zoom, surface: this.#surface },
      isShown: () => !view.hidden,
      onClass: (label) => this.#chooseClass(label),
    });
    this.#lists = new Lists(this.#work, {
      onPicture: (picture) => {
        this.#choose(picture);
        this.#do(this.#showPreview());
      },
      onPictureGone: (picture) => {
        this.#do(this.#work.removePicture(picture));
        this.#choose(picture === this.#picture ? this.#work.pictures[0] : this.#picture);
      },
      onClass: (label) => this.#chooseClass(label),
      onClassEdit: () => {
        this.#surface.repaint();
        this.#do(this.#work.keepClasses());
      },
      onClassGone: (label) => {
        this.#do(this.#work.removeClass(label));
        this.#label = Math.min(this.#label, this.#work.classes.length - 1);
        this.#surface.repaint();
        this.#showLists();
      },
    });
    connectKeeping({
      ...{ work: this.#work, previewer: this.#previewer, onUse },
      onModel: async () => {
        this.#showLists();
        await this.#showPreview();
      },
      onForgetting: () => this.#learning.cancel(),
      onForget: async () => {
        this.#label = 1;
        this.#choose(undefined);
        await this.#showPreview();
      },
    });
    this.#connectButtons();
    this.#learning = this.#connectLearning();
    preview.addEventListener("change", () => {
      if (preview.checked) this.#do(this.#showPreview());
      else this.#surface.showPreview(undefined);
    });
  }

  /** The panel comes into sight. The work of an earlier visit is there when it does so first. */
  async open(): Promise<void> {
    // Where the browser keeps nothing, as in some private windows, all but that works.
    this.#isRead ??= this.#read().catch(tellError);
    await this.#isRead;
  }

  /** The panel goes out of sight. */
  close(): void {
    this.#viewer.close();
  }

  /** Photos to paint on, or a clip to take pictures from. */
  addFiles(files: readonly File[]): void {
    this.#do(this.#addFiles(files));
  }

  get #colors() {
    return this.#work.classes.map(({ color }) => color);
  }

  async #read(): Promise<void> {
    this.#showLists();
    const { isOpenElsewhere } = await this.#work.read();
    if (isOpenElsewhere)
      tell(
        "Another tab has this work open and keeps it. What you do here ends with this tab, unless you save it.",
      );
    this.#choose(this.#work.pictures[0]);
    showModel(this.#work);
    await this.#previewer.use(this.#work.model?.file);
    await this.#showPreview();
  }

  async #addFiles(files: readonly File[]): Promise<void> {
    await this.open();
    for (const file of files) {
      const isClip = file.type.startsWith("video/");
      const opening = isClip
        ? this.#viewer.openClip(file)
        : openPhoto(file).then((photo) => this.#add(photo));
      // The others may be good.
      await opening.catch(tellError);
    }
  }

  async #add(source: ImageBitmap): Promise<void> {
    const picture = await this.#work.addPicture(source);
    this.#choose(picture);
    this.#do(this.#work.keepPicture(picture));
    await this.#showPreview();
  }

  async #keepStrokes(picture: TeachPicture): Promise<void> {
    this.#showLists();
    await this.#work.keepPicture(picture);
  }

  #choose(picture: TeachPicture | undefined): void {
    this.#picture = picture;
    frame.classList.toggle("filled", picture !== undefined);
    part("teach-example", HTMLButtonElement).hidden = picture !== undefined;
    if (picture) frame.style.setProperty("--ratio", String(picture.bitmap.width / picture.bitmap.height));
    this.#surface.show(picture);
    this.#showLists();
  }

  #chooseClass(label: number): void {
    if (label >= this.#work.classes.length) return;
    this.#label = label;
    this.#tools.erase(false);
    this.#lists.pressClass(label);
  }

  #showLists(): void {
    this.#lists.show(this.#picture, this.#label);
  }

  #connectButtons(): void {
    const files = part("teach-file", HTMLInputElement);
    files.addEventListener("change", () => {
      this.addFiles([...(files.files ?? [])]);
      files.value = "";
    });
    onPress("teach-example", async () => this.#addFiles([await fetchExample("coffee")]));
    onPress("teach-camera", () => this.#viewer.openCamera());
    onPress("add-class", async () => {
      await this.#work.addClass();
      this.#showLists();
      this.#chooseClass(this.#work.classes.length - 1);
    });
  }

  #connectLearning(): Task {
    const curve = new LossCurve(part("curve", SVGSVGElement));
    return makeTask(part("learn", HTMLButtonElement), async (job) => {
      curve.clear();
      const { pictures, classes, model: before } = this.#work;
      const shown = this.#shown;
      const model = await learn({
        ...{ pictures, classes, before, job, shown },
        onLoss: (loss, steps) => curve.add(loss, steps),
        onPreview: (found) => this.#show(shown, found),
      }).catch(async (error: unknown) => {
        // What was learned halfway is not kept.
        await this.#showPreview();
        throw error;
      });
      job.signal.throwIfAborted();
      await this.#work.setModel(model);
      showModel(this.#work);
      await this.#previewer.use(model.file);
      // The last preview was of this model.
      if (this.#picture !== shown[0]) await this.#showPreview();
      return "Learned. Correct it by more strokes and learn again, or use it.";
    });
  }

  /** The picture at hand, and one that nothing is painted on. */
  get #shown(): TeachPicture[] {
    const other = this.#work.pictures.find((one) => one !== this.#picture && !isPainted(one));
    return [this.#picture, other].filter((picture) => picture !== undefined);
  }

  /** Shows what the newest model finds. */
  async #showPreview(): Promise<void> {
    const shown = this.#shown;
    const found: (FoundLabels | undefined)[] = [];
    for (const picture of shown) {
      const isWanted = preview.checked || picture !== this.#picture;
      found.push(isWanted ? await this.#previewer.segment(picture, this.#work.classes) : undefined);
    }
    this.#show(shown, found);
  }

  /** @param shown as `#shown` gave them; the visitor may have chosen another picture since */
  #show(
    [picture, other]: readonly TeachPicture[],
    [found, foundThere]: readonly (FoundLabels | undefined)[],
  ): void {
    if (picture === this.#picture) this.#surface.showPreview(preview.checked ? found : undefined);
    part("held-out", HTMLElement).hidden = !foundThere;
    if (other && foundThere) drawHeldOut(other, foundThere);
  }

  #do(work: Promise<void>): void {
    work.catch(tellError);
  }
}
