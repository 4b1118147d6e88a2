import type { Palette } from "../../src/web.ts";

export type Color = Palette[number];

/**
 * Colors that stand out on fur, skin, wood and leaves, in light and dark pages; the first ones differ most.
 */
export const displayColors: Palette = [
  [0, 163, 255],
  [255, 61, 165],
  [122, 230, 20],
  [150, 92, 255],
  [255, 214, 0],
  [0, 214, 200],
  [255, 106, 44],
  [46, 91, 255],
  [224, 60, 255],
  [0, 184, 86],
  [255, 48, 72],
  [150, 205, 255],
];

/** What people expect to be of one color. */
const usual: Readonly<Record<string, Color>> = {
  background: [138, 148, 158],
  person: [0, 163, 255],
  pedestrian: [255, 61, 165],
  cat: [150, 92, 255],
  dog: [255, 214, 0],
  sky: [110, 196, 255],
  tree: [0, 184, 86],
  road: [150, 92, 255],
  pavement: [255, 214, 0],
  car: [46, 91, 255],
  building: [255, 106, 44],
};

/** The colors in which classes are shown: palettes of data sets are made for files, many of them dark. */
export function displayPalette(classes: readonly string[]): Palette {
  const taken = new Set(classes.map((name) => usual[name]?.join()));
  const free = displayColors.filter((color) => !taken.has(color.join()));
  let next = 0;
  const choose = (): Color => {
    const [round, at] = [Math.floor(next / free.length), next++ % free.length];
    const color = free[at] ?? [0, 163, 255];
    return round === 0 ? color : lighten(color);
  };
  return classes.map((name) => usual[name] ?? choose());
}

/** A color as pages write it: `#rrggbb`. */
export function toHex(color: Color): string {
  return `#${color.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** The same color, half as strong. */
function lighten([red, green, blue]: Color): Color {
  return [(red + 255) >> 1, (green + 255) >> 1, (blue + 255) >> 1];
}
