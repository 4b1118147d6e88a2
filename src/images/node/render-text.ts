import type { Photo } from "../types.ts";
import { loadSharp } from "./load-sharp.ts";

/** How tall a line of text is, in sizes of the font, and where its baseline lies. */
const LINE = 1.3;
const BASELINE = 1;
/** The size at which characters are looked at, in pixels. */
const PROBE = 48;
/** Darker than that counts as ink. */
const INK = 160;

/**
 * Draws a line of text with the fonts of this machine: any script, from right to left too, and emoji.
 *
 * @param size of the font in pixels
 * @returns dark gray on white, as wide as the text, 1.3 sizes high, with the baseline 1 size below the top;
 *   undefined where no font has one of the characters: a box would stand in its place
 */
export async function renderText(text: string, size: number): Promise<Photo | undefined> {
  for (const character of new Set(text.match(/[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{M}]/gu)))
    if (!(await hasGlyph(character))) return undefined;
  const picture = await drawLine(text, size);
  const { left, right } = inkOf(picture);
  if (right < left) return undefined;
  const width = right + 1 - left;
  const data = new Uint8Array(3 * width * picture.height);
  for (let y = 0; y < picture.height; y++) {
    const start = 3 * (y * picture.width + left);
    data.set(picture.data.subarray(start, start + 3 * width), 3 * y * width);
  }
  return { width, height: picture.height, data };
}

const known = new Map<string, Promise<boolean>>();

function hasGlyph(character: string): Promise<boolean> {
  const found = known.get(character) ?? probeGlyph(character);
  known.set(character, found);
  return found;
}

/**
 * Whether a font has a character.
 *
 * A character that no font has is drawn as a box, with its number inside where a font has digits. So each is
 * compared with a character of as many digits that no font can have: equal outlines mean a box.
 */
async function probeGlyph(character: string): Promise<boolean> {
  const digits = (character.codePointAt(0) ?? 0).toString(16).length;
  const nobody = String.fromCodePoint(digits > 5 ? 0x10fffe : digits > 4 ? 0x2fffe : 0x378);
  const [glyph, box] = [await drawLine(character, PROBE), await drawLine(nobody, PROBE)];
  const outline = inkOf(box);
  const ink = inkOf(glyph);
  // A glyph without any ink is missing too.
  if (ink.right < ink.left) return false;
  const sides = ["left", "right", "top", "bottom"] as const;
  if (sides.some((side) => ink[side] !== outline[side])) return true;
  for (let y = outline.top; y <= outline.bottom; y++)
    for (let x = outline.left; x <= outline.right; x++) {
      const isEdge = x === outline.left || x === outline.right || y === outline.top || y === outline.bottom;
      if (isEdge && isInk(box, x, y) !== isInk(glyph, x, y)) return true;
    }
  return false;
}

async function drawLine(text: string, size: number): Promise<Photo> {
  const width = Math.ceil(size * (2 + 2 * [...text].length));
  const height = Math.ceil(LINE * size);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><text x="${width / 2}" y="${BASELINE * size}" text-anchor="middle" font-family="sans-serif" font-size="${size}" fill="#202020">${escapeXml(text)}</text></svg>`;
  const sharp = await loadSharp();
  const { data } = await sharp(Buffer.from(svg))
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/** For XML, which cannot hold control characters and halves of surrogate pairs. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;");
}

function isInk({ width, data }: Photo, x: number, y: number): boolean {
  const at = 3 * (y * width + x);
  return Math.min(data[at] ?? 255, data[at + 1] ?? 255, data[at + 2] ?? 255) < INK;
}

/** The first and last column and row with ink; without ink, `right` is below `left`. */
function inkOf(picture: Photo): { left: number; right: number; top: number; bottom: number } {
  const ink = { left: picture.width, right: -1, top: picture.height, bottom: -1 };
  for (let y = 0; y < picture.height; y++)
    for (let x = 0; x < picture.width; x++) {
      if (!isInk(picture, x, y)) continue;
      ink.left = Math.min(ink.left, x);
      ink.right = Math.max(ink.right, x);
      ink.top = Math.min(ink.top, y);
      ink.bottom = Math.max(ink.bottom, y);
    }
  return ink;
}
