import { describe, expect, it } from "vitest";
import { drawOverlay } from "../../src/images/overlay.ts";
import { vocPalette } from "../../src/images/palette.ts";
import { errorOf, gradient, labelsOf, photoOf, pixel } from "./helpers.ts";

const palette = vocPalette(3);
const gray = (width: number, height: number) => photoOf(width, height, () => [100, 100, 100]);

describe("drawOverlay", () => {
  it("blends each pixel with the color of its label", () => {
    const plain = drawOverlay(gray(2, 1), labelsOf(2, [1, 2]), palette, { contours: false });
    expect([...plain.data]).toEqual([114, 50, 50, 50, 114, 50]);
    const faint = drawOverlay(gray(1, 1), labelsOf(1, [1]), palette, { opacity: 0.25 });
    expect([...faint.data]).toEqual([107, 75, 75]);
  });

  it("draws the border between two labels in a light tone, one pixel on each side", () => {
    const picture = drawOverlay(gray(6, 1), labelsOf(6, [1, 1, 1, 2, 2, 2]), palette);
    const [soft1, soft2] = [
      [114, 50, 50],
      [50, 114, 50],
    ];
    expect([0, 1, 2, 3, 4, 5].map((x) => pixel(picture, x, 0))).toEqual([
      soft1,
      soft1,
      [204, 153, 153],
      [153, 204, 153],
      soft2,
      soft2,
    ]);
  });

  it("sees borders above and below, but none at the picture's edge or across rows", () => {
    const column = drawOverlay(gray(1, 4), labelsOf(1, [1, 1, 2, 2]), palette);
    expect([0, 1, 2, 3].map((y) => pixel(column, 0, y)[1])).toEqual([50, 153, 204, 114]);
    // The last pixel of a row and the first of the next are no neighbours.
    const uniformRows = drawOverlay(gray(3, 3), labelsOf(3, [1, 1, 1, 1, 1, 1, 1, 1, 1]), palette);
    expect(uniformRows.data.every((value) => value === 114 || value === 50)).toBe(true);
    const split = drawOverlay(gray(4, 2), labelsOf(4, [1, 1, 2, 2, 1, 1, 2, 2]), palette);
    expect(pixel(split, 0, 1)).toEqual([114, 50, 50]);
    expect(pixel(split, 3, 0)).toEqual([50, 114, 50]);
  });

  it("leaves ignored pixels alone and gives labels beyond the palette a color", () => {
    const picture = drawOverlay(gray(3, 1), labelsOf(3, [255, 255, 200]), palette);
    expect(pixel(picture, 0, 0)).toEqual([100, 100, 100]);
    expect(pixel(picture, 1, 0)).toEqual([100, 100, 100]);
    // 0.4 * [224, 224, 192] + 0.6 * 255, since it borders on the ignored pixel.
    expect(pixel(picture, 2, 0)).toEqual([243, 243, 230]);
  });

  it("changes nothing at opacity 0 without contours, nor the photo it was given", () => {
    const photo = gradient(5, 4);
    const labels = labelsOf(
      5,
      Array.from({ length: 20 }, (_, i) => i % 3),
    );
    expect(drawOverlay(photo, labels, palette, { opacity: 0, contours: false })).toEqual(photo);
    drawOverlay(photo, labels, palette);
    expect(photo).toEqual(gradient(5, 4));
  });

  it("refuses sizes that differ and opacities out of range", () => {
    errorOf(() => drawOverlay(gray(2, 2), labelsOf(4, [0, 0, 0, 0]), palette), "INVALID_IMAGE");
    for (const opacity of [-0.1, 1.1, Number.NaN]) {
      errorOf(() => drawOverlay(gray(1, 1), labelsOf(1, [0]), palette, { opacity }), "INVALID_ARGUMENT");
    }
  });
});
