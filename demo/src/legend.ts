import type { ClassShare } from "../../src/web.ts";
import type { ShownClasses } from "./look.ts";
import { element } from "./page.ts";

export interface LegendEvents {
  /** The pointer or the keyboard's focus came to a class, or left it. */
  onHighlight(name: string | undefined): void;
  /** A class was chosen, or is not any more. */
  onChoose(name: string): void;
}

/** Smaller shares of the picture are not listed. */
const LEAST_SHARE = 0.001;

/** Lists the classes that were found with their shares; made anew only when other classes are found. */
export class Legend {
  readonly #list: HTMLElement;
  readonly #events: LegendEvents;
  #shown = "";

  constructor(list: HTMLElement, events: LegendEvents) {
    this.#list = list;
    this.#events = events;
  }

  /** @param chosen stay in the list while they are out of sight */
  update(found: readonly ClassShare[], chosen: ReadonlySet<string>, { classes, colors }: ShownClasses): void {
    const shares = new Map(found.map(({ name, share }) => [name, share]));
    // In the order of labels: shares of a clip change all the time, and rows must not jump.
    const rows = classes.flatMap((name, label) =>
      (shares.get(name) ?? 0) >= LEAST_SHARE || chosen.has(name)
        ? [{ name, color: colors[label] ?? [0, 0, 0] }]
        : [],
    );
    const key = JSON.stringify(rows);
    if (key !== this.#shown) {
      this.#list.replaceChildren(...rows.map(({ name, color }) => this.#row(name, color)));
      this.#shown = key;
    }
    rows.forEach(({ name }, index) => {
      const button = this.#list.children[index]?.firstElementChild;
      if (!(button instanceof HTMLElement)) return;
      const share = shares.get(name) ?? 0;
      button.style.setProperty("--share", `${100 * share}%`);
      button.setAttribute("aria-pressed", String(chosen.has(name)));
      button.lastElementChild?.replaceChildren(`${(100 * share).toFixed(1)} %`);
    });
  }

  clear(text: string): void {
    const row = element("li", text);
    row.className = "quiet";
    this.#list.replaceChildren(row);
    this.#shown = "";
  }

  #row(name: string, color: readonly number[]): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.style.setProperty("--color", `rgb(${color.join()})`);
    button.append(document.createElement("i"), element("span", name), element("span", ""));
    const { onHighlight, onChoose } = this.#events;
    for (const type of ["pointerenter", "focus"]) button.addEventListener(type, () => onHighlight(name));
    for (const type of ["pointerleave", "blur"]) button.addEventListener(type, () => onHighlight(undefined));
    button.addEventListener("click", () => onChoose(name));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }
}
