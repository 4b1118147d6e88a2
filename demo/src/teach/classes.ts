import { element, refill } from "../page.ts";
import { type Color, displayColors, toHex } from "../palette.ts";

export const MOST_CLASSES = 12;

export interface TeachClass {
  name: string;
  color: Color;
}

/** What one begins with: what is wanted, and all else. */
export function firstClasses(): TeachClass[] {
  return [
    { name: "background", color: [138, 148, 158] },
    { name: "thing", color: displayColors[0] ?? [0, 163, 255] },
  ];
}

/** The next class: a name and a color that no other has. */
export function nextClass(classes: readonly TeachClass[]): TeachClass {
  const taken = new Set(classes.map(({ color }) => color.join()));
  const color = displayColors.find((candidate) => !taken.has(candidate.join())) ?? [255, 255, 255];
  const names = new Set(classes.map(({ name }) => name));
  let number = classes.length;
  while (names.has(`class ${number}`)) number++;
  return { name: `class ${number}`, color };
}

export interface ClassListEvents {
  onChoose(label: number): void;
  /** A name or a color has changed. */
  onEdit(): void;
  onRemove(label: number): void;
}

/** Shows the classes: a button with the number that chooses it, a name, a color. */
export function showClasses(
  list: HTMLElement,
  classes: TeachClass[],
  { current, onChoose, onEdit, onRemove }: ClassListEvents & { current: number },
): void {
  refill(
    list,
    classes.map((entry, label) => {
      const choose = element("button", String(label + 1));
      const nameButton = () => choose.setAttribute("aria-label", `${label + 1}: paint ${entry.name}`);
      nameButton();
      choose.setAttribute("aria-pressed", String(label === current));
      choose.style.setProperty("--color", `rgb(${entry.color.join()})`);
      choose.className = "brush";
      choose.addEventListener("click", () => onChoose(label));

      const name = document.createElement("input");
      Object.assign(name, { type: "text", value: entry.name, maxLength: 40, autocomplete: "off" });
      name.setAttribute("aria-label", `Name of class ${label + 1}`);
      name.addEventListener("focus", () => onChoose(label));
      name.addEventListener("keydown", ({ key }) => {
        // From then on keys are for painting.
        if (key === "Enter") name.blur();
      });
      name.addEventListener("change", () => {
        const others = classes.filter((other) => other !== entry).map((other) => other.name);
        const wanted = name.value.trim();
        if (wanted && !others.includes(wanted)) entry.name = wanted;
        name.value = entry.name;
        nameButton();
        onEdit();
      });

      const color = document.createElement("input");
      Object.assign(color, { type: "color", value: toHex(entry.color) });
      color.setAttribute("aria-label", `Color of class ${label + 1}`);
      color.addEventListener("input", () => {
        entry.color = fromHex(color.value);
        choose.style.setProperty("--color", color.value);
        onEdit();
      });

      const remove = element("button", "×");
      remove.className = "remove";
      remove.setAttribute("aria-label", `Remove class ${label + 1}`);
      remove.toggleAttribute("disabled", classes.length <= 2);
      remove.addEventListener("click", () => onRemove(label));
      const item = document.createElement("li");
      item.append(choose, name, color, remove);
      return item;
    }),
  );
}

function fromHex(text: string): Color {
  const channel = (at: number) => Number.parseInt(text.slice(at, at + 2), 16);
  return [channel(1), channel(3), channel(5)];
}
