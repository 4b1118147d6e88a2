import type { Segmentation } from "../../src/web.ts";

export interface LegendEvents {
  /** The pointer or the keyboard's focus came to a class, or left it. */
  onHighlight(label: number | undefined): void;
  /** A class was chosen, or is not any more. */
  onChoose(label: number): void;
}

/** Lists the classes that were found with their shares; made anew only when other classes are found. */
export class Legend {
  readonly #list: HTMLElement;
  readonly #events: LegendEvents;
  #shown = "";

  constructor(list: HTMLElement, events: LegendEvents) {
    this.#list = list;
    this.#events = events;
  }

  update(found: Segmentation["found"], chosen: ReadonlySet<number>): void {
    // In the order of labels: shares of a clip change all the time, and rows must not jump.
    const rows = found.toSorted((a, b) => a.label - b.label);
    const key = rows.map(({ label, name }) => `${label} ${name}`).join();
    if (key !== this.#shown) {
      this.#list.replaceChildren(...rows.map(({ label, name, color }) => this.#row(label, name, color)));
      this.#shown = key;
    }
    rows.forEach(({ label, share }, index) => {
      const button = this.#list.children[index]?.firstElementChild;
      if (!(button instanceof HTMLElement)) return;
      const percent = `${(100 * share).toFixed(1)} %`;
      button.style.setProperty("--share", `${100 * share}%`);
      button.setAttribute("aria-pressed", String(chosen.has(label)));
      button.lastElementChild?.replaceChildren(percent);
    });
  }

  #row(label: number, name: string, color: readonly number[]): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.style.setProperty("--color", `rgb(${color.join()})`);
    button.append(document.createElement("i"), element("span", name), element("span", ""));
    const { onHighlight, onChoose } = this.#events;
    for (const type of ["pointerenter", "focus"]) button.addEventListener(type, () => onHighlight(label));
    for (const type of ["pointerleave", "blur"]) button.addEventListener(type, () => onHighlight(undefined));
    button.addEventListener("click", () => onChoose(label));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }
}

function element(name: string, text: string): HTMLElement {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
