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

interface Row {
  readonly name: string;
  readonly item: HTMLElement;
  readonly button: HTMLElement;
}

/** Lists the classes that were found with their shares. */
export class Legend {
  readonly #list: HTMLElement;
  readonly #events: LegendEvents;
  /** Rows by class and color; those that stay keep pointer and focus. */
  #rows = new Map<string, Row>();

  constructor(list: HTMLElement, events: LegendEvents) {
    this.#list = list;
    this.#events = events;
  }

  /**
   * @param chosen stay in the list while they are out of sight
   * @returns the names that are listed
   */
  update(
    found: readonly ClassShare[],
    chosen: ReadonlySet<string>,
    { classes, colors }: ShownClasses,
  ): Set<string> {
    const shares = new Map(found.map(({ name, share }) => [name, share]));
    // In the order of labels: shares of a clip change all the time, and rows must not jump.
    const rows = classes.flatMap((name, label) =>
      (shares.get(name) ?? 0) >= LEAST_SHARE || chosen.has(name)
        ? [{ name, color: colors[label] ?? [0, 0, 0] }]
        : [],
    );
    const before = this.#rows;
    this.#rows = new Map(
      rows.map(({ name, color }) => {
        const key = JSON.stringify([name, color]);
        return [key, before.get(key) ?? makeRow(name, color, this.#events)];
      }),
    );
    const items = [...this.#rows.values()];
    for (const child of [...this.#list.children]) {
      if (items.some(({ item }) => item === child)) continue;
      // Before it is removed: what its blur event does may remove it already.
      child.querySelector("button")?.blur();
      child.remove();
    }
    items.forEach(({ item, button, name }, index) => {
      const there = this.#list.children[index];
      if (there !== item) this.#list.insertBefore(item, there ?? null);
      const share = shares.get(name) ?? 0;
      button.style.setProperty("--share", `${100 * share}%`);
      button.setAttribute("aria-pressed", String(chosen.has(name)));
      button.lastElementChild?.replaceChildren(`${(100 * share).toFixed(1)} %`);
    });
    return new Set(rows.map(({ name }) => name));
  }

  clear(text: string): void {
    const row = element("li", text);
    row.className = "quiet";
    this.#list.replaceChildren(row);
    this.#rows.clear();
  }
}

function makeRow(name: string, color: readonly number[], { onHighlight, onChoose }: LegendEvents): Row {
  const button = document.createElement("button");
  button.type = "button";
  button.style.setProperty("--color", `rgb(${color.join()})`);
  button.append(document.createElement("i"), element("span", name), element("span", ""));
  for (const type of ["pointerenter", "focus"]) button.addEventListener(type, () => onHighlight(name));
  for (const type of ["pointerleave", "blur"]) button.addEventListener(type, () => onHighlight(undefined));
  button.addEventListener("click", () => onChoose(name));
  const item = document.createElement("li");
  item.append(button);
  return { name, item, button };
}
