import type { Look } from "../../src/web.ts";

/** What the visitor has set. */
export interface Settings {
  readonly effect: NonNullable<Look["effect"]>;
  /** Of the colors, 0..1. */
  readonly opacity: number;
  /** The class under the pointer, which stands out. */
  readonly highlighted: number | undefined;
  /** Classes that were chosen; none stands for all but the first, which is the background. */
  readonly chosen: ReadonlySet<number>;
  /** Share of the width, from the left, that shows the picture as it is. */
  readonly before: number;
}

/** The look of a picture in which there are so many classes. */
export function makeLook(settings: Settings, classes: number): Look {
  const { effect, opacity, highlighted, chosen, before } = settings;
  const strengths = Array.from({ length: classes }, (_, label) => {
    const isChosen = chosen.size > 0 ? chosen.has(label) : label !== 0;
    if (effect !== "overlay") return Number(isChosen);
    if (chosen.size > 0 && !isChosen) return 0;
    if (highlighted === undefined) return opacity;
    return highlighted === label ? Math.max(0.75, opacity) : 0.15 * opacity;
  });
  return { effect, strengths, before };
}
