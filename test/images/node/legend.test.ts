import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CAPITAL_HEIGHT, GLYPH_HEIGHT, GLYPH_WIDTH, glyphRows } from "../../../src/images/font.ts";
import type { LegendEntry } from "../../../src/images/node/legend.ts";
import { addLegend } from "../../../src/images/node/legend.ts";
import { renderText } from "../../../src/images/node/render-text.ts";
import { drawText, textWidth } from "../../../src/images/text.ts";
import type { Photo } from "../../../src/images/types.ts";
import { gradient, photoOf, pixel, rejectionOf } from "../helpers.ts";

const cat: LegendEntry = { name: "cat", color: [64, 0, 0], share: 0.25 };
const white = (width: number, height: number) => photoOf(width, height, () => [255, 255, 255]);

/** The text that stands at a place of the picture, read back by comparing with the font's own drawing. */
function isWritten(picture: Photo, text: string, scale: number): boolean {
  const stencil = white(textWidth(text, scale), GLYPH_HEIGHT * scale);
  drawText(stencil, text, 0, 0, scale, [32, 32, 32]);
  for (let top = 0; top + stencil.height <= picture.height; top++) {
    for (let left = 0; left + stencil.width <= picture.width; left++) {
      if (matches(picture, stencil, left, top)) return true;
    }
  }
  return false;
}

function matches(picture: Photo, stencil: Photo, left: number, top: number): boolean {
  for (let y = 0; y < stencil.height; y++) {
    for (let x = 0; x < stencil.width; x++) {
      if (pixel(picture, left + x, top + y)[0] !== pixel(stencil, x, y)[0]) return false;
    }
  }
  return true;
}

describe("addLegend", () => {
  it("keeps the picture and puts the legend below it", async () => {
    const picture = gradient(300, 40);
    const result = await addLegend(picture, [cat]);
    expect(result.width).toBe(300);
    expect(result.height).toBeGreaterThan(40);
    expect(result.data.subarray(0, picture.data.length)).toEqual(picture.data);
  });

  it("writes the name and percentage and shows the color", async () => {
    const result = await addLegend(gradient(120, 4), [cat]);
    expect(isWritten(result, "cat", 1)).toBe(true);
    expect(isWritten(result, "25.0%", 1)).toBe(true);
    // Margin 6, border 1, then the color.
    expect(pixel(result, 6, 4 + 6)).toEqual([96, 96, 96]);
    expect(pixel(result, 7, 4 + 7)).toEqual([64, 0, 0]);
  });

  it.each([
    [0, "0.0%"],
    [0.0001, "<0.1%"],
    [0.1234, "12.3%"],
    [1, "100.0%"],
  ])("writes a share of %s as %s", async (share, text) => {
    expect(isWritten(await addLegend(gradient(120, 1), [{ ...cat, share }]), text, 1)).toBe(true);
  });

  it("grows wider than a narrow picture, which stays at the left on white", async () => {
    const result = await addLegend(
      photoOf(1, 3, () => [9, 9, 9]),
      [cat],
    );
    // Swatch 12 + 4, three letters 17, gap 6, five letters 29, and a margin of 6 at both sides.
    expect(result.width).toBe(12 + 4 + 17 + 6 + 29 + 12);
    expect(result.height).toBe(3 + 9 + 12);
    expect(pixel(result, 0, 2)).toEqual([9, 9, 9]);
    expect(pixel(result, 1, 2)).toEqual([255, 255, 255]);
    expect(isWritten(result, "25.0%", 1)).toBe(true);
  });

  it("uses as many columns as fit and larger letters in wider pictures", async () => {
    const entries = Array.from({ length: 6 }, () => cat);
    const oneColumn = (await addLegend(gradient(100, 1), entries)).height;
    const threeColumns = (await addLegend(gradient(255, 1), entries)).height;
    expect(oneColumn - 1).toBe(12 + 5 * 13 + 9);
    expect(threeColumns - 1).toBe(12 + 13 + 9);
    expect(isWritten(await addLegend(gradient(256, 1), [cat]), "cat", 2)).toBe(true);
  });

  it("cuts long names, by characters as people count them", async () => {
    const result = await addLegend(gradient(1, 1), [{ ...cat, name: "x".repeat(500) }]);
    expect(isWritten(result, `${"x".repeat(29)}...`, 1)).toBe(true);
  });

  it("draws a question mark for what no font has, and real text for the rest", async () => {
    // Nobody has given this number to a character.
    const unknown = await addLegend(gradient(1, 1), [{ ...cat, name: "a\u0378" }]);
    expect(isWritten(unknown, "a?", 1)).toBe(true);
    const street = await renderText("Straße", 10);
    const result = await addLegend(gradient(1, 1), [{ ...cat, name: "Straße" }]);
    expect(isWritten(result, "Stra?e", 1)).toBe(street === undefined);
    expect(isWritten(result, "25.0%", 1)).toBe(true);
  });

  it("copies the picture when there is nothing to list", async () => {
    expect(await addLegend(gradient(3, 2), [])).toEqual(gradient(3, 2));
  });

  it("refuses shares that are no share", async () => {
    for (const share of [-0.1, 1.1, Number.NaN]) {
      await rejectionOf(addLegend(gradient(2, 2), [{ ...cat, share }]), "INVALID_ARGUMENT");
    }
  });

  it("fits any picture and any entries", async () => {
    const entry = fc.record({
      name: fc.string({ unit: "binary", maxLength: 40 }),
      color: fc.constant([1, 2, 3] as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 700 }),
        fc.array(entry, { maxLength: 25 }),
        async (width, entries) => {
          const result = await addLegend(gradient(width, 2), entries);
          expect(result.data.length).toBe(result.width * result.height * 3);
          expect(result.width).toBeGreaterThanOrEqual(width);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("glyphRows", () => {
  const characters = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));

  it("draws every printable character differently, within the glyph's size", async () => {
    const drawings = characters.map((character) => glyphRows(character));
    for (const rows of drawings) {
      expect([CAPITAL_HEIGHT, CAPITAL_HEIGHT + 1, GLYPH_HEIGHT]).toContain(rows.length);
      for (const row of rows) expect(row).toMatch(new RegExp(`^[.#]{${GLYPH_WIDTH}}$`));
    }
    expect(new Set(drawings.map(String)).size).toBe(95);
  });

  it("draws a question mark for everything else", async () => {
    for (const character of ["é", "\n", "\u{1f600}", ""]) expect(glyphRows(character)).toBe(glyphRows("?"));
  });
});
