import { describe, expect, it } from "vitest";
import { vocPalette } from "../../src/images/palette.ts";
import { errorOf } from "./helpers.ts";

describe("vocPalette", () => {
  const palette = vocPalette();

  it.each([
    [0, [0, 0, 0]],
    [1, [128, 0, 0]],
    [2, [0, 128, 0]],
    [7, [128, 128, 128]],
    [8, [64, 0, 0]],
    [15, [192, 128, 128]],
    [20, [0, 64, 128]],
    [255, [224, 224, 192]],
  ])("gives label %s the color %s", (label, color) => {
    expect(palette[label]).toEqual(color);
  });

  it("has 256 different colors", () => {
    expect(palette.length).toBe(256);
    expect(new Set(palette.map(String)).size).toBe(256);
  });

  it("starts alike at any size and refuses sizes out of range", () => {
    expect(vocPalette(21)).toEqual(palette.slice(0, 21));
    for (const size of [0, 257, 2.5, Number.NaN]) errorOf(() => vocPalette(size), "INVALID_ARGUMENT");
  });
});
