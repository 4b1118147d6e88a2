import { fetchExample } from "../inputs.ts";
import { openPhoto } from "../open-photo.ts";
import { element, isAbort, messageOf, part } from "../page.ts";
import { saveFile } from "../save.ts";
import { makeTask } from "../task.ts";
import { showClasses } from "./classes.ts";
import { LossCurve } from "./curve.ts";
import { exportDataset } from "./export.ts";
import { type FoundLabels, LabelLayer } from "./label-layer.ts";
import { learn } from "./learning.ts";
import { isPainted, showPictures, type TeachPicture } from "./pictures.ts";
import { Previewer } from "./previewer.ts";
import { Surface } from "./surface.ts";
import { Tools } from "./tools.ts";
import { Viewer } from "./viewer.ts";
import { Work } from "./work.ts";
import { Zoom } from "./zoom.ts";

const view = part("teach", HTMLElement);
const canvas = part("teach-canvas", HTMLCanvasElement);
const frame = part("teach-frame", HTMLElement);
const status = part("teach-status", HTMLElement);
const preview = part("preview", HTMLInputElement);

/** The Teach panel: pictures are painted, a model is learned from the strokes, and used. */
export class TeachPanel {
  readonly #work = new Work();
  readonly #tools = new Tools();
  readonly #previewer = new Previewer();
  readonly #surface: Surface;
  readonly #viewer: Viewer;
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
    this.#connectButtons(onUse);
    this.#connectLearning();
    preview.addEventListener("change", () => this.#do(this.#showPreview()));
  }

  /** The panel comes into sight. The work of an earlier visit is there when it does so first. */
  async open(): Promise<void> {
    this.#isRead ??= this.#read();
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
    await this.#work.read();
    this.#choose(this.#work.pictures[0]);
    this.#showModel();
    await this.#previewer.use(this.#work.model?.file);
    await this.#showPreview();
  }

  async #addFiles(files: readonly File[]): Promise<void> {
    await this.open();
    for (const file of files) {
      if (file.type.startsWith("video/")) await this.#viewer.openClip(file);
      else await this.#add(await openPhoto(file));
    }
  }

  async #add(source: ImageBitmap): Promise<void> {
    this.#choose(await this.#work.addPicture(source));
    await this.#showPreview();
  }

  async #keepStrokes(picture: TeachPicture): Promise<void> {
    this.#showLists();
    await this.#work.keepStrokes(picture);
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
    for (const [at, button] of part("classes", HTMLElement).querySelectorAll(".brush").entries())
      button.setAttribute("aria-pressed", String(at === label));
  }

  #showLists(): void {
    const { pictures, classes } = this.#work;
    showPictures(part("thumbs", HTMLElement), pictures, {
      current: this.#picture,
      onChoose: (picture) => {
        this.#choose(picture);
        this.#do(this.#showPreview());
      },
      onRemove: (picture) => {
        this.#do(this.#work.removePicture(picture));
        this.#choose(picture === this.#picture ? pictures[0] : this.#picture);
      },
    });
    // Kept as it is while a name is being typed.
    const key = JSON.stringify(classes);
    if (key === this.#shownClasses) return;
    this.#shownClasses = key;
    showClasses(part("classes", HTMLElement), classes, {
      current: this.#label,
      onChoose: (label) => this.#chooseClass(label),
      onEdit: () => {
        this.#shownClasses = JSON.stringify(classes);
        this.#surface.repaint();
        this.#do(this.#work.keepClasses());
      },
      onRemove: (label) => {
        this.#do(this.#work.removeClass(label));
        this.#label = Math.min(this.#label, classes.length - 1);
        this.#surface.repaint();
        this.#showLists();
      },
    });
  }

  #shownClasses = "";

  #connectButtons(onUse: (file: Blob, classes: readonly string[]) => void): void {
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
    onPress("use-model", async () => {
      const { model } = this.#work;
      if (model) onUse(model.file, model.classes);
    });
    onPress("save-model", async () => {
      const { model } = this.#work;
      if (model) saveFile(model.file, "taught.safetensors");
    });
    onPress("save-dataset", async () => {
      if (!this.#work.pictures.some(isPainted)) throw new Error("Paint some strokes first.");
      const { pictures, classes, model } = this.#work;
      saveFile(await exportDataset({ pictures, classes, model: model?.file }), "taught.zip");
    });
    const modelFile = part("model-file", HTMLInputElement);
    modelFile.addEventListener("change", () => {
      const file = modelFile.files?.[0];
      modelFile.value = "";
      if (file) this.#do(this.#openModel(file));
    });
    onPress("forget", async () => {
      if (!confirm("Forget all pictures, strokes and the model?")) return;
      await this.#work.clear();
      await this.#previewer.use(undefined);
      this.#label = 1;
      this.#choose(undefined);
      this.#showModel();
      await this.#showPreview();
    });
  }

  #connectLearning(): void {
    const curve = new LossCurve(part("curve", SVGSVGElement));
    makeTask(part("learn", HTMLButtonElement), async (job) => {
      curve.clear();
      const { pictures, classes, model: before } = this.#work;
      const model = await learn({
        ...{ pictures, classes, before, job },
        onLoss: (loss, steps) => curve.add(loss, steps),
        onModel: (file) => this.#preview(file),
      });
      await this.#work.setModel(model);
      this.#showModel();
      await this.#preview(model.file);
      return "Learned. Correct it by more strokes and learn again, or use it.";
    });
  }

  /** A model that was saved: its classes are taken, unless something is painted already. */
  async #openModel(file: File): Promise<void> {
    await this.#previewer.use(file);
    const found = this.#previewer.description;
    if (!found) return;
    const names = found.classes.map((name, label) => ({
      name,
      color: found.palette[label] ?? ([0, 163, 255] as const),
    }));
    const isFree = !this.#work.pictures.some(isPainted);
    await this.#work.setModel({ file, classes: found.classes }, isFree ? names : undefined);
    this.#showLists();
    this.#showModel();
    await this.#showPreview();
    tell(`Opened ${file.name}: ${found.classes.join(", ")}.`);
  }

  async #preview(file: Blob): Promise<void> {
    await this.#previewer.use(file);
    await this.#showPreview();
  }

  /** Shows what the newest model finds in the picture, and in one that nothing is painted on. */
  async #showPreview(): Promise<void> {
    const [picture, { classes, pictures }] = [this.#picture, this.#work];
    const found = preview.checked && picture ? await this.#previewer.segment(picture, classes) : undefined;
    if (picture === this.#picture) this.#surface.showPreview(found);
    const other = pictures.find((one) => one !== picture && !isPainted(one));
    const foundThere = other && (await this.#previewer.segment(other, classes));
    part("held-out", HTMLElement).hidden = !foundThere;
    if (other && foundThere) drawHeldOut(other, foundThere);
  }

  #showModel(): void {
    for (const id of ["use-model", "save-model"])
      part(id, HTMLButtonElement).disabled = this.#work.model === undefined;
  }

  #do(work: Promise<void>): void {
    work.catch(tellError);
  }
}

function drawHeldOut({ bitmap }: TeachPicture, { labels, colors }: FoundLabels): void {
  const target = part("held-out-canvas", HTMLCanvasElement);
  Object.assign(target, { width: bitmap.width, height: bitmap.height });
  const context = target.getContext("2d");
  if (!context) return;
  const layer = new LabelLayer();
  layer.fill(labels, colors);
  context.drawImage(bitmap, 0, 0);
  context.globalAlpha = 0.5;
  context.drawImage(layer.canvas, 0, 0);
}

function onPress(id: string, work: () => Promise<void>): void {
  part(id, HTMLButtonElement).addEventListener("click", () => {
    tell("");
    work().catch(tellError);
  });
}

function tell(text: string): void {
  status.classList.remove("bad");
  status.replaceChildren(element("span", text));
}

function tellError(error: unknown): void {
  if (isAbort(error)) return;
  console.error(error);
  tell(messageOf(error));
  status.classList.add("bad");
}
