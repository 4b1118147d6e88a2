import { decode } from "fast-png";
import { LightsegError, messageOf } from "../errors.ts";
import { MAX_PIXELS } from "../images/check.ts";
import { decodeMask } from "../images/node/mask.ts";
import type { LabelMap } from "../images/types.ts";

/** Red, green and blue, 0..255 each. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A colour as one number, `0xrrggbb`. */
export function packColour([red, green, blue]: Colour): number {
  return (red << 16) | (green << 8) | blue;
}

/** Where the header of a PNG says what follows. */
const WIDTH_AT = 16;
const DEPTH_AT = 24;
const COLOUR_TYPE_AT = 25;
const RGB = 2;
const RGBA = 6;

/**
 * Reads the labels of a PNG that codes classes by colour, `[height, width]`.
 *
 * The colours must be exact: nothing is rounded and no colour profile is applied. RGB and RGBA of 8 bits, palette and
 * gray PNGs are read; transparency is passed over.
 *
 * @param labelOf the label of each colour, by `packColour`
 * @param file named in errors
 * @throws LightsegError INVALID_IMAGE when the bytes are no such PNG or are damaged; INVALID_DATASET for a colour that
 * stands for nothing, with the first pixel that holds it
 */
export function decodeColourMask(
  bytes: Uint8Array,
  labelOf: ReadonlyMap<number, number>,
  file: string,
): LabelMap {
  const { width, height, colours } = decodeColours(bytes, file);
  const data = new Uint8Array(colours.length);
  for (const [pixel, colour] of colours.entries()) {
    const label = labelOf.get(colour);
    if (label === undefined) throw unknownColour(colour, pixel, width, file);
    data[pixel] = label;
  }
  return { width, height, data };
}

/** One packed colour a pixel, row by row. */
interface Colours {
  width: number;
  height: number;
  colours: Uint32Array;
}

function decodeColours(bytes: Uint8Array, file: string): Colours {
  const colourType = bytes[COLOUR_TYPE_AT];
  if (colourType !== RGB && colourType !== RGBA) return lookUpColours(bytes, file);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const width = header.getUint32(WIDTH_AT);
  const height = header.getUint32(WIDTH_AT + 4);
  if (width * height > MAX_PIXELS)
    throw invalid(file, `must have at most ${MAX_PIXELS} pixels`, `${width} x ${height}`);
  if (bytes[DEPTH_AT] !== 8) throw invalid(file, "must have 8 bits a channel", bytes[DEPTH_AT]);
  const { data, channels } = decodePng(bytes, file);
  const colours = new Uint32Array(width * height);
  for (let pixel = 0, at = 0; pixel < colours.length; pixel++, at += channels)
    colours[pixel] = packColour([data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0]);
  return { width, height, colours };
}

/** The colours of a palette or gray PNG; anything else is refused by `decodeMask`. */
function lookUpColours(bytes: Uint8Array, file: string): Colours {
  const { width, height, data: values } = decodeMask(bytes, file);
  const { palette, depth } = decodePng(bytes, file);
  const white = 2 ** depth - 1;
  const grays = Array.from({ length: white + 1 }, (_, value) => [0, 1, 2].map(() => (255 * value) / white));
  const table = (palette ?? grays).map(([red = 0, green = 0, blue = 0]) => packColour([red, green, blue]));
  const colours = Uint32Array.from(values, (value) => {
    const colour = table[value];
    if (colour === undefined) throw invalid(file, "must hold only indices of its palette", value);
    return colour;
  });
  return { width, height, colours };
}

function decodePng(bytes: Uint8Array, file: string) {
  try {
    return decode(bytes, { checkCrc: true });
  } catch (cause) {
    throw invalid(file, "must be a whole, undamaged PNG", messageOf(cause), cause);
  }
}

function unknownColour(colour: number, pixel: number, width: number, file: string): LightsegError {
  const hex = `#${colour.toString(16).padStart(6, "0")}`;
  return new LightsegError({
    code: "INVALID_DATASET",
    where: "load",
    argument: file,
    rule: "must only hold the colours of classes and those that are ignored",
    value: `${hex} at column ${pixel % width}, row ${Math.floor(pixel / width)}`,
    hint: "colours must be exact: save masks as PNG, without smoothed edges",
  });
}

function invalid(file: string, rule: string, value: unknown, cause?: unknown): LightsegError {
  return new LightsegError({
    code: "INVALID_IMAGE",
    where: "decodeColourMask",
    argument: file,
    rule,
    value,
    cause,
  });
}
