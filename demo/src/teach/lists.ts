import { part } from "../page.ts";
import { showClasses } from "./classes.ts";
import { showPictures, type TeachPicture } from "./pictures.ts";
import type { Work } from "./work.ts";

export interface ListEvents {
  onPicture(picture: TeachPicture): void;
  onPictureGone(picture: TeachPicture): void;
  onClass(label: number): void;
  /** A name or a color has changed. */
  onClassEdit(): void;
  onClassGone(label: number): void;
}

const thumbs = part("thumbs", HTMLElement);
const classList = part("classes", HTMLElement);

/** The lists of pictures and classes on the page. */
export class Lists {
  readonly #work: Work;
  readonly #events: ListEvents;
  #shownClasses = "";

  constructor(work: Work, events: ListEvents) {
    this.#work = work;
    this.#events = events;
  }

  show(picture: TeachPicture | undefined, label: number): void {
    const { pictures, classes } = this.#work;
    const { onPicture, onPictureGone, onClass, onClassEdit, onClassGone } = this.#events;
    showPictures(thumbs, pictures, { current: picture, onChoose: onPicture, onRemove: onPictureGone });
    // Left as it is while a name is being typed.
    const key = JSON.stringify(classes);
    if (key === this.#shownClasses) return;
    this.#shownClasses = key;
    showClasses(classList, classes, {
      current: label,
      onChoose: onClass,
      onRemove: onClassGone,
      onEdit: () => {
        this.#shownClasses = JSON.stringify(classes);
        onClassEdit();
      },
    });
  }

  pressClass(label: number): void {
    for (const [at, button] of classList.querySelectorAll(".brush").entries())
      button.setAttribute("aria-pressed", String(at === label));
  }
}
