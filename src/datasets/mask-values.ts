import { LightsegError } from "../errors.ts";
import { IGNORE_LABEL } from "../images/palette.ts";
import type { LabelMap } from "../images/types.ts";

/** What each value in a data set's mask files stands for: value -> class, or -> the ignore label. */
export type MaskValues = ReadonlyMap<number, number>;

/** The values of masks that hold the place of each class in the list, and one for what is ignored. */
export function indexValues(classes: readonly string[], ignored: number = IGNORE_LABEL): MaskValues {
  return new Map(classes.map((_, label) => [label, label])).set(ignored, IGNORE_LABEL);
}

/**
 * Replaces each value of a mask file by the label it stands for.
 *
 * A value that the data set does not define is an error. Otherwise a wrong `ignore` or shifted class numbers
 * would train without complaint.
 *
 * @param mask values as stored, `[H, W]`
 * @param values the data set's own values, 0..255 each
 * @param file named in the error
 * @returns a new label map of the same size
 * @throws LightsegError INVALID_DATASET, with the file, the value and the first pixel that holds it
 */
export function mapMaskValues(mask: LabelMap, values: MaskValues, file: string): LabelMap {
  const unknown = -1;
  const table = new Int16Array(256).fill(unknown);
  for (const [value, label] of values) table[value] = label;

  const data = new Uint8Array(mask.data.length);
  for (let pixel = 0; pixel < data.length; pixel++) {
    const value = mask.data[pixel] ?? 0;
    const label = table[value] ?? unknown;
    if (label === unknown) throw unknownValue(value, pixel, mask.width, values, file);
    data[pixel] = label;
  }
  return { width: mask.width, height: mask.height, data };
}

function unknownValue(value: number, pixel: number, width: number, values: MaskValues, file: string) {
  const known = [...values.keys()].sort((a, b) => a - b);
  return new LightsegError({
    code: "INVALID_DATASET",
    where: "load",
    file,
    argument: "mask",
    rule: `must only hold the mask values ${known.join(", ")}`,
    value: `${value} at column ${pixel % width}, row ${Math.floor(pixel / width)}`,
    hint: "a mask stores one class index a pixel, neither colors nor another data set's numbering",
  });
}
