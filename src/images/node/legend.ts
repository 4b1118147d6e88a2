import { checkRange, invalidArgument } from "../../check.ts";
import { percent } from "../../percent.ts";
import { checkPhoto } from "../check.ts";
import { CAPITAL_HEIGHT, GLYPH_HEIGHT } from "../font.ts";
import { pastePicture } from "../paste.ts";
import { drawText, fillRectangle, textWidth } from "../text.ts";
import type { Color, Photo } from "../types.ts";
import { renderText } from "./render-text.ts";

/** A line of a legend: a class and its color. */
export interface LegendEntry {
  name: string;
  color: Color;
  /** The share of the picture that the class covers, 0 to 1. */
  share: number;
}

const PAPER = 255;
const INK = [32, 32, 32] as const;
const BORDER = [96, 96, 96] as const;
const LONGEST_NAME = 32;

// Distances in dots of the font, which grow with it.
const MARGIN = 6;
const LINE_HEIGHT = GLYPH_HEIGHT + 4;
const SWATCH_WIDTH = 12;
const SWATCH_HEIGHT = 9;
const SWATCH_GAP = 4;
const SHARE_GAP = 6;
const COLUMN_GAP = 14;

/** The font of other scripts: its capitals are as tall as those of the bitmap font. */
const FONT_SIZE = 10;

interface Line {
  name: string;
  /** The name in a font of this machine, for characters that the bitmap font lacks. */
  picture?: Photo | undefined;
  share: string;
  color: Color;
}

/** Sizes in pixels, and how many rows each column has. */
interface Layout {
  /** The side of a dot of the font. */
  scale: number;
  rows: number;
  entryWidth: number;
  width: number;
  height: number;
}

/**
 * Adds a legend below a picture: a swatch, the name and the percentage of each class, in the order given.
 *
 * Text grows with the picture's width, and entries run down in as many columns as fit. A picture narrower
 * than one column is put at the left of a wider, white one. Names longer than 32 characters are cut.
 * Printable ASCII is drawn alike on every machine; other names in a font of this machine, with `?` for
 * characters that no font has. Without entries the result is an equal copy.
 *
 * @throws LightsegError INVALID_IMAGE for malformed pixels, INVALID_ARGUMENT for a share outside 0 to 1
 */
export async function addLegend(picture: Photo, entries: readonly LegendEntry[]): Promise<Photo> {
  checkPhoto(picture, "addLegend");
  if (!Array.isArray(entries)) throw invalidArgument("addLegend", "entries", "must be an array", entries);
  const lines = entries.map(toLine);
  if (lines.length === 0) return { ...picture, data: Uint8Array.from(picture.data) };
  const scale = scaleFor(picture.width);
  for (const line of lines)
    if (!/^[ -~]*$/.test(line.name)) line.picture = await renderText(line.name, FONT_SIZE * scale);
  const layout = planLayout(picture.width, scale, lines);
  const { rows, entryWidth } = layout;
  const canvas = extendPicture(picture, layout.width, picture.height + layout.height);
  lines.forEach((line, index) => {
    const column = Math.floor(index / rows);
    const x = MARGIN * scale + column * (entryWidth + COLUMN_GAP * scale);
    const y = picture.height + (MARGIN + (index % rows) * LINE_HEIGHT) * scale;
    drawLine(canvas, line, x, y, layout);
  });
  return canvas;
}

function toLine(entry: LegendEntry): Line {
  const { name, color, share } = entry;
  checkRange(share, "addLegend", `the share of ${name}`, [0, 1]);
  // As people count them: an emoji or a letter with marks is one.
  const characters = [...new Intl.Segmenter().segment(name.normalize("NFC"))].map(({ segment }) => segment);
  const shown =
    characters.length > LONGEST_NAME
      ? `${characters.slice(0, LONGEST_NAME - 3).join("")}...`
      : characters.join("");
  // Without its space, which is wide in these letters.
  return { name: shown, share: percent(share).replace(" ", ""), color };
}

/** Two pixels a dot are comfortable to read; below 256 pixels of width such text would dwarf the picture. */
function scaleFor(pictureWidth: number): number {
  return pictureWidth < 256 ? 1 : Math.max(2, Math.round(pictureWidth / 512));
}

function planLayout(pictureWidth: number, scale: number, lines: readonly Line[]): Layout {
  const names = Math.max(...lines.map((line) => line.picture?.width ?? textWidth(line.name, scale)));
  const shares = Math.max(...lines.map((line) => textWidth(line.share, scale)));
  const entryWidth = names + shares + (SWATCH_WIDTH + SWATCH_GAP + SHARE_GAP) * scale;
  const margins = 2 * MARGIN * scale;
  const gap = COLUMN_GAP * scale;
  const fitting = Math.max(1, Math.floor((pictureWidth - margins + gap) / (entryWidth + gap)));
  const rows = Math.ceil(lines.length / fitting);
  return {
    scale,
    rows,
    entryWidth,
    width: Math.max(pictureWidth, entryWidth + margins),
    height: ((rows - 1) * LINE_HEIGHT + SWATCH_HEIGHT) * scale + margins,
  };
}

/** A white picture with the given one in its top left corner. */
function extendPicture(picture: Photo, width: number, height: number): Photo {
  const canvas = { width, height, data: new Uint8Array(width * height * 3).fill(PAPER) };
  pastePicture(canvas, picture, 0, 0);
  return canvas;
}

function drawLine(canvas: Photo, line: Line, x: number, y: number, layout: Layout): void {
  const { scale, entryWidth } = layout;
  const edge = Math.max(1, Math.floor(scale / 2));
  const swatchWidth = SWATCH_WIDTH * scale;
  const swatchHeight = SWATCH_HEIGHT * scale;
  fillRectangle(canvas, x, y, swatchWidth, swatchHeight, BORDER);
  fillRectangle(canvas, x + edge, y + edge, swatchWidth - 2 * edge, swatchHeight - 2 * edge, line.color);

  const textTop = y + Math.floor((swatchHeight - CAPITAL_HEIGHT * scale) / 2);
  const shareLeft = x + entryWidth - textWidth(line.share, scale);
  const nameLeft = x + swatchWidth + SWATCH_GAP * scale;
  // Both have the baseline below the capitals.
  const pictureTop = textTop + (CAPITAL_HEIGHT - FONT_SIZE) * scale;
  if (line.picture) pastePicture(canvas, line.picture, nameLeft, pictureTop);
  else drawText(canvas, line.name, nameLeft, textTop, scale, INK);
  drawText(canvas, line.share, shareLeft, textTop, scale, INK);
}
