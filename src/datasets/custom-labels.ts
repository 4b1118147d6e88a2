import { IGNORE_LABEL, vocPalette } from "../images/palette.ts";
import { packColor } from "./color-mask.ts";
import { type CustomSettings, invalidSettings } from "./custom-settings.ts";
import type { LabelSpace } from "./dataset.ts";

/** The classes of one's own data set, and which of its masks' codes is which. */
export interface CustomLabels {
  readonly labels: LabelSpace;
  /** The label of each mask value or, where masks store colors, of each color by `packColor`. */
  readonly labelOf: ReadonlyMap<number, number>;
}

/**
 * Takes classes and ignored codes from the settings.
 *
 * @param file the settings' file, named in errors
 * @throws LightsegError INVALID_DATASET when two classes have one name, or one mask code stands for two
 *   things
 */
export function customLabels(settings: CustomSettings, file: string): CustomLabels {
  const classes = settings.classes.map(({ name }) => name);
  for (const [index, name] of classes.entries()) {
    const first = classes.indexOf(name);
    if (first === index) continue;
    throw invalidSettings(file, `classes[${index}].name`, `must not be that of classes[${first}]`);
  }
  const defaults = vocPalette(classes.length);
  const palette = settings.classes.map(
    ({ color }, index) => color ?? defaults[index] ?? ([0, 0, 0] as const),
  );
  return { labels: { classes, palette, ignoreLabel: IGNORE_LABEL }, labelOf: codes(settings, palette, file) };
}

function codes(
  settings: CustomSettings,
  palette: LabelSpace["palette"],
  file: string,
): ReadonlyMap<number, number> {
  const { masks } = settings;
  const ofClasses = settings.classes.map(({ value }, index) => {
    if (masks === "indexed") return value ?? index;
    if (value !== undefined)
      throw invalidSettings(file, `classes[${index}].value`, "is for indexed masks, not for masks: rgb");
    return packColor(palette[index] ?? [0, 0, 0]);
  });
  const ignored = masks === "indexed" ? settings.ignore : settings.ignore.map(packColor);

  const labelOf = new Map<number, number>();
  const key = masks === "indexed" ? "value" : "color";
  for (const [label, code] of ofClasses.entries()) {
    const other = labelOf.get(code);
    if (other !== undefined)
      throw invalidSettings(file, `classes[${label}].${key}`, `must not be that of classes[${other}]`);
    labelOf.set(code, label);
  }
  for (const code of ignored) {
    const label = labelOf.get(code);
    if (label !== undefined && label !== IGNORE_LABEL) {
      const hint =
        masks === "indexed"
          ? `give each class its value (its place in the list by default, from 0), or write "ignore: []" where nothing is ignored`
          : undefined;
      throw invalidSettings(file, "ignore", `must not hold the ${key} of classes[${label}]`, hint);
    }
    labelOf.set(code, IGNORE_LABEL);
  }
  return labelOf;
}
