import { GLYPH_WIDTH, glyphRows } from "./font.ts";
import type { Color, Photo } from "./types.ts";

/** The distance from one character to the next, in dots. */
const ADVANCE = GLYPH_WIDTH + 1;

/** The width in pixels of a text whose dots are `scale` pixels wide. */
export function textWidth(text: string, scale: number): number {
  return Math.max(0, [...text].length * ADVANCE - 1) * scale;
}

/** Draws a line of text with its top left corner at `x`, `y`; each dot is `scale` pixels wide. */
export function drawText(
  picture: Photo,
  text: string,
  x: number,
  y: number,
  scale: number,
  color: Color,
): void {
  [...text].forEach((character, position) => {
    const left = x + position * ADVANCE * scale;
    glyphRows(character).forEach((dots, row) => {
      for (let column = 0; column < dots.length; column++) {
        if (dots[column] !== "#") continue;
        fillRectangle(picture, left + column * scale, y + row * scale, scale, scale, color);
      }
    });
  });
}

/** Fills a rectangle of the picture, which must lie inside it. */
export function fillRectangle(
  picture: Photo,
  left: number,
  top: number,
  width: number,
  height: number,
  color: Color,
): void {
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) picture.data.set(color, (y * picture.width + x) * 3);
  }
}
