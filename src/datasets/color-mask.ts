import { LightsegError } from "../errors.ts";
import { decodePng, invalidMask } from "../images/node/png.ts";
import type { Color, LabelMap } from "../images/types.ts";

/** Colors that an error names. */
const MOST_LISTED = 8;

/** A color as one number, `0xrrggbb`. */
export function packColor([red, green, blue]: Color): number {
  return (red << 16) | (green << 8) | blue;
}

/**
 * Reads the labels of a PNG that codes classes by color, `[height, width]`.
 *
 * The colors must be exact: nothing is rounded and no color profile is applied. RGB and RGBA of 8 bits,
 * palette and gray PNGs are read; transparency is passed over.
 *
 * @param labelOf the label of each color, by `packColor`
 * @param file named in errors
 * @throws LightsegError INVALID_IMAGE when the bytes are no such PNG or its pixels are damaged;
 *   INVALID_DATASET for a color that stands for nothing, with the first pixel that holds it
 */
export function decodeColorMask(
  bytes: Uint8Array,
  labelOf: ReadonlyMap<number, number>,
  file: string,
): LabelMap {
  const { width, height, samples, channels, palette, kind, depth } = decodePng(bytes, file, (header) => {
    if (header.kind === "gray with alpha") throw invalidMask(file, "must hold colors", header.kind);
  });
  const table = kind === "palette" ? paletteColors(palette) : grayColors(depth);
  const data = new Uint8Array(width * height);
  for (let pixel = 0, at = 0; pixel < data.length; pixel++, at += channels) {
    const first = samples[at] ?? 0;
    const color =
      channels === 1 ? table[first] : packColor([first, samples[at + 1] ?? 0, samples[at + 2] ?? 0]);
    if (color === undefined) throw invalidMask(file, "must hold only indices of its palette", first);
    const label = labelOf.get(color);
    if (label === undefined) throw unknownColor(color, { known: labelOf, pixel, width, file });
    data[pixel] = label;
  }
  return { width, height, data };
}

function paletteColors(palette: Uint8Array): number[] {
  return Array.from({ length: Math.floor(palette.length / 3) }, (_, index) => {
    const [red = 0, green = 0, blue = 0] = palette.subarray(3 * index);
    return packColor([red, green, blue]);
  });
}

function grayColors(depth: number): number[] {
  const white = 2 ** depth - 1;
  return Array.from({ length: white + 1 }, (_, value) => {
    const gray = (255 * value) / white;
    return packColor([gray, gray, gray]);
  });
}

interface UnknownColor {
  known: ReadonlyMap<number, number>;
  pixel: number;
  width: number;
  file: string;
}

function unknownColor(color: number, { known, pixel, width, file }: UnknownColor): LightsegError {
  const colors = [...known.keys()].map(toHex);
  const listed = colors.length > MOST_LISTED ? [...colors.slice(0, MOST_LISTED), "..."] : colors;
  return new LightsegError({
    code: "INVALID_DATASET",
    where: "load",
    file,
    argument: "mask",
    rule: `must only hold the colors of classes and those that are ignored, ${listed.join(", ")}`,
    value: `${toHex(color)} at column ${pixel % width}, row ${Math.floor(pixel / width)}`,
    hint: "set the colors of classes in dataset.yaml; they must be exact: save masks as PNG, without smoothed edges",
  });
}

function toHex(color: number): string {
  return `#${color.toString(16).padStart(6, "0")}`;
}
