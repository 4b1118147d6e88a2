import { firstClasses, MOST_CLASSES, nextClass, type TeachClass } from "./classes.ts";
import { MOST_PICTURES, makePicture, type TeachPicture } from "./pictures.ts";
import {
  forgetPicture,
  forgetWork,
  type KeptModel,
  keepClasses,
  keepModel,
  keepPicture,
  readWork,
} from "./storage.ts";

/** Pictures, strokes, classes and the newest model, which outlast a reload of the page. */
export class Work {
  readonly pictures: TeachPicture[] = [];
  readonly classes: TeachClass[] = firstClasses();
  #model: KeptModel | undefined;
  #nextId = 1;
  readonly #onUnkept: (error: unknown) => void;

  /** @param onUnkept told once where the browser keeps nothing, as in some private windows; all else works */
  constructor(onUnkept: (error: unknown) => void) {
    let isTold = false;
    this.#onUnkept = (error) => {
      if (!isTold) onUnkept(error);
      isTold = true;
    };
  }

  get model(): KeptModel | undefined {
    return this.#model;
  }

  /** Takes up what was kept. @returns whether another tab has it open, so that this one keeps nothing */
  async read(): Promise<{ isOpenElsewhere: boolean }> {
    const { pictures, classes, model, isOpenElsewhere } = await readWork();
    this.pictures.splice(0, this.pictures.length, ...pictures);
    if (classes) this.#setClasses(classes);
    this.#model = model;
    this.#nextId = Math.max(0, ...pictures.map(({ id }) => id)) + 1;
    return { isOpenElsewhere };
  }

  /** @throws Error if there are as many as there may be */
  async addPicture(source: ImageBitmap): Promise<TeachPicture> {
    if (this.pictures.length >= MOST_PICTURES)
      throw new Error(`There are ${MOST_PICTURES} pictures already: remove one first.`);
    const picture = await makePicture(source, this.#nextId++);
    this.pictures.push(picture);
    return picture;
  }

  /** Keeps a picture and its strokes. */
  async keepPicture(picture: TeachPicture): Promise<void> {
    await this.#keep(keepPicture(picture));
  }

  async removePicture(picture: TeachPicture): Promise<void> {
    const index = this.pictures.indexOf(picture);
    if (index >= 0) this.pictures.splice(index, 1);
    await this.#keep(forgetPicture(picture));
  }

  /** @throws Error if there are as many as there may be */
  async addClass(): Promise<void> {
    if (this.classes.length >= MOST_CLASSES) throw new Error(`There are ${MOST_CLASSES} classes already.`);
    this.classes.push(nextClass(this.classes));
    await this.keepClasses();
  }

  /** Takes a class away, and its strokes. */
  async removeClass(label: number): Promise<void> {
    this.classes.splice(label, 1);
    for (const { strokes } of this.pictures) strokes.removeClass(label);
    await this.keepClasses();
    for (const picture of this.pictures) await this.keepPicture(picture);
  }

  async keepClasses(): Promise<void> {
    await this.#keep(keepClasses(this.classes));
  }

  async setModel(model: KeptModel, classes?: readonly TeachClass[]): Promise<void> {
    this.#model = model;
    await this.#keep(keepModel(model));
    if (!classes) return;
    this.#setClasses(classes);
    await this.keepClasses();
  }

  /** Begins anew: nothing of it is kept. */
  async clear(): Promise<void> {
    this.pictures.length = 0;
    this.#setClasses(firstClasses());
    this.#model = undefined;
    await this.#keep(forgetWork());
  }

  #keep(keeping: Promise<void>): Promise<void> {
    return keeping.catch(this.#onUnkept);
  }

  #setClasses(classes: readonly TeachClass[]): void {
    this.classes.splice(0, this.classes.length, ...classes);
  }
}
