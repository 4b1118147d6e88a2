import fc from "fast-check";
import { decode } from "fast-png";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { encodeIndexedPng } from "../../src/images/indexed-png.ts";
import { decodeMask } from "../../src/images/node/mask.ts";
import { vocPalette } from "../../src/images/palette.ts";
import type { LabelMap } from "../../src/images/types.ts";
import { errorOf, labelsOf } from "./helpers.ts";

const anyLabels: fc.Arbitrary<LabelMap> = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height, maxLength: width * height })
      .map((data) => ({ width, height, data })),
  );

describe("encodeIndexedPng", () => {
  it("writes any labels, whatever the palette", () => {
    fc.assert(
      fc.property(anyLabels, fc.integer({ min: 0, max: 256 }), (labels, colors) => {
        const png = encodeIndexedPng(labels, vocPalette().slice(0, colors));
        expect(decodeMask(png, "mask.png")).toEqual(labels);
      }),
    );
  });

  it("writes colors that other programs see", async () => {
    const png = encodeIndexedPng(labelsOf(3, [1, 2, 255]), vocPalette(21));
    const { data } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    expect([...data]).toEqual([128, 0, 0, 0, 128, 0, 224, 224, 192]);
    const { palette } = decode(png);
    expect(palette?.length).toBe(256);
    expect(palette?.[21]).toEqual([224, 224, 192]);
  });

  it("refuses malformed labels and palettes", () => {
    errorOf(() => encodeIndexedPng({ width: 2, height: 2, data: new Uint8Array(3) }, []), "INVALID_IMAGE");
    const labels = labelsOf(1, [0]);
    errorOf(() => encodeIndexedPng(labels, [[0, 0, 256]]), "INVALID_ARGUMENT");
    errorOf(() => encodeIndexedPng(labels, [[0, 0, 0.5]]), "INVALID_ARGUMENT");
    errorOf(() => encodeIndexedPng(labels, new Array(257).fill([0, 0, 0])), "INVALID_ARGUMENT");
  });
});
