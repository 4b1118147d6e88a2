import { part } from "../page.ts";
import { UNPAINTED } from "./strokes.ts";
import type { Brush, Surface } from "./surface.ts";
import type { Zoom } from "./zoom.ts";

const size = part("brush-size", HTMLInputElement);
const eraser = part("eraser", HTMLButtonElement);

export interface ToolsOptions {
  readonly surface: Surface;
  readonly zoom: Zoom;
  /** Whether the panel is in sight. */
  readonly isShown: () => boolean;
  /** Does nothing for a label that no class has. */
  readonly onClass: (label: number) => void;
}

/** Brush, eraser, undo and zoom, by buttons and keys. */
export class Tools {
  #erases = false;

  /** @param label of the class that is chosen */
  brush(label: number, erases: boolean): Brush {
    return { size: Number(size.value), label: erases || this.#erases ? UNPAINTED : label };
  }

  erase(erases: boolean): void {
    this.#erases = erases;
    eraser.setAttribute("aria-pressed", String(erases));
  }

  connect({ surface, zoom, isShown, onClass }: ToolsOptions): void {
    const actions = {
      undo: () => surface.undo(),
      redo: () => surface.redo(),
      "zoom-in": () => zoom.by(1.5),
      "zoom-out": () => zoom.by(1 / 1.5),
      "zoom-fit": () => zoom.reset(),
      eraser: () => this.erase(!this.#erases),
    };
    for (const [id, action] of Object.entries(actions))
      part(id, HTMLButtonElement).addEventListener("click", action);

    const resize = (factor: number) => {
      size.valueAsNumber = Math.round(size.valueAsNumber * factor);
    };
    const keys: Readonly<Record<string, () => void>> = {
      "[": () => resize(1 / 1.3),
      "]": () => resize(1.3),
      "+": actions["zoom-in"],
      "-": actions["zoom-out"],
      "0": actions["zoom-fit"],
      e: actions.eraser,
    };
    document.addEventListener("keydown", (event) => {
      if (!isShown() || isTyping(event.target)) return;
      const isCommand = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (isCommand && (key === "z" || key === "y")) {
        event.preventDefault();
        if (key === "y" || event.shiftKey) surface.redo();
        else surface.undo();
      } else if (!isCommand && !event.altKey) {
        if (/^[1-9]$/.test(key)) onClass(Number(key) - 1);
        else keys[key]?.();
      }
    });
  }
}

/** Whether keys are letters of a text, not commands. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type === "text";
}
