import type { ClassShare, Look, Palette } from "../../src/web.ts";

export type Effect = "overlay" | "blur" | "replace" | "cutout";

/** What the visitor has set. */
export interface Settings {
  readonly effect: Effect;
  /** Of the colors, 0..1. */
  readonly opacity: number;
  /** What stands in place of the background: a color of CSS, or a picture. */
  readonly backdrop: string | ImageBitmap;
  /** The class under the pointer, which stands out. */
  readonly highlighted: string | undefined;
  /** Names of the classes that were chosen; none stands for all but the background. */
  readonly chosen: ReadonlySet<string>;
  /** Share of the width, from the left, that shows the picture as it is. */
  readonly before: number;
}

/** The classes of a model, and the colors in which they are shown. */
export interface ShownClasses {
  readonly classes: readonly string[];
  readonly colors: Palette;
}

/** The look of a picture in which there are such classes. */
export function makeLook(settings: Settings, { classes, colors }: ShownClasses): Look {
  const { effect, opacity, highlighted, chosen, before } = settings;
  const strengths = classes.map((name) => {
    const kept = isKept(name, chosen);
    if (effect !== "overlay") return Number(kept);
    if (highlighted === undefined) return kept ? opacity : 0;
    if (highlighted === name) return Math.max(0.75, opacity);
    return kept ? 0.15 * opacity : 0;
  });
  return { effect: effect === "replace" ? "cutout" : effect, edges: "soft", strengths, before, colors };
}

/** Why an effect leaves nothing of the picture; undefined where it leaves something. */
export function whyEmpty(
  found: readonly ClassShare[],
  { effect, chosen }: Pick<Settings, "effect" | "chosen">,
): string | undefined {
  if (effect === "overlay" || found.some(({ name }) => isKept(name, chosen))) return undefined;
  if (chosen.size > 0) return `Nothing to keep: there is no ${[...chosen].join(" and no ")} in the picture.`;
  return "Nothing to keep: the model finds only background in the picture.";
}

function isKept(name: string, chosen: ReadonlySet<string>): boolean {
  return chosen.size > 0 ? chosen.has(name) : name !== "background";
}
