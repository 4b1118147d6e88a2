import { describe, expect, it } from "vitest";
import { encodeIndexedPng } from "../../../src/images/indexed-png.ts";
import { decodeMask } from "../../../src/images/node/mask.ts";
import { vocPalette } from "../../../src/images/palette.ts";
import { errorOf, gradient, labelsOf, rawPng, toSharp } from "../helpers.ts";

describe("decodeMask", () => {
  const gray = (width: number, height: number, depth: number, scanlines: number[]) =>
    decodeMask(rawPng({ width, height, depth, colorType: 0 }, scanlines), "mask.png");

  it("unpacks 1, 2 and 4 bits without scaling them, each row from a new byte", () => {
    expect(gray(9, 2, 1, [0, 0b10110010, 0b10000000, 0, 0b00000001, 0])).toEqual(
      labelsOf(9, [1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0]),
    );
    expect(gray(5, 1, 2, [0, 0b00011011, 0b11000000])).toEqual(labelsOf(5, [0, 1, 2, 3, 3]));
    expect(gray(3, 1, 4, [0, 0x1f, 0xa0])).toEqual(labelsOf(3, [1, 15, 10]));
  });

  it("reads 8 bits as they are, with row filters undone", () => {
    // Filter 1 stores the difference to the left, filter 2 the difference to the row above.
    expect(gray(3, 2, 8, [1, 5, 1, 250, 2, 1, 1, 1])).toEqual(labelsOf(3, [5, 6, 0, 6, 7, 1]));
  });

  it("reads the indices of a palette, transparent entries or not", () => {
    const header = { width: 4, height: 1, depth: 2, colorType: 3 };
    const chunks: [string, number[]][] = [
      ["PLTE", [0, 0, 0, 9, 9, 9, 9, 9, 9, 0, 0, 0]],
      ["tRNS", [0]],
    ];
    expect(decodeMask(rawPng(header, [0, 0b11100100], chunks), "m")).toEqual(labelsOf(4, [3, 2, 1, 0]));
  });

  it("reads a mask inside a larger buffer", () => {
    const png = encodeIndexedPng(labelsOf(2, [7, 8]), []);
    const larger = new Uint8Array(png.length + 9);
    larger.set(png, 5);
    expect(decodeMask(larger.subarray(5, 5 + png.length), "m")).toEqual(labelsOf(2, [7, 8]));
  });

  it("reads an interlaced mask", () => {
    // Adam7 of 2 x 2: pixel (0, 0), then (1, 0), then the second row.
    const scanlines = [0, 1, 0, 2, 0, 3, 4];
    const header = { width: 2, height: 2, depth: 8, colorType: 0, interlaced: true };
    expect(decodeMask(rawPng(header, scanlines), "m")).toEqual(labelsOf(2, [1, 2, 3, 4]));
    const fourBits = [0, 0x10, 0, 0x20, 0, 0x34];
    expect(decodeMask(rawPng({ ...header, depth: 4 }, fourBits), "m")).toEqual(labelsOf(2, [1, 2, 3, 4]));
  });

  it.each([
    [2, 8, "RGB"],
    [4, 8, "gray with alpha"],
    [6, 8, "RGB with alpha"],
    [0, 16, "at most 8 bits"],
    [5, 8, "color type 5"],
  ])("refuses color type %s of %s bits", (colorType, depth, said) => {
    const png = rawPng({ width: 1, height: 1, depth, colorType }, [0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const { message } = errorOf(() => decodeMask(png, "labels/a.png"), "INVALID_IMAGE");
    expect(message).toContain("decodeMask: labels/a.png: mask must");
    expect(message).toContain(said);
  });

  it("refuses a size of none or too many pixels before decoding", () => {
    for (const [width, height] of [
      [20000, 20000],
      [0, 5],
      [5, 0],
      [0xffffffff, 0xffffffff],
    ] as const) {
      const png = rawPng({ width, height, depth: 8, colorType: 0 }, [0]);
      expect(errorOf(() => decodeMask(png, "m"), "INVALID_IMAGE").message).toContain(`${width} x ${height}`);
    }
  });

  it("refuses what is not a PNG", async () => {
    errorOf(() => decodeMask(new Uint8Array(0), "m"), "INVALID_IMAGE");
    errorOf(() => decodeMask(Buffer.from("not a mask, but a text"), "m"), "INVALID_IMAGE");
    const jpeg = await toSharp(gradient(4, 4)).jpeg().toBuffer();
    errorOf(() => decodeMask(jpeg, "m"), "INVALID_IMAGE");
  });

  it("refuses a mask cut at any length", () => {
    const labels = { width: 30, height: 20, data: Uint8Array.from({ length: 600 }, (_, i) => (i * i) % 21) };
    const png = encodeIndexedPng(labels, vocPalette(21));
    for (let length = 0; length < png.length; length++) {
      errorOf(() => decodeMask(png.subarray(0, length), "m"), "INVALID_IMAGE");
    }
  });

  it("refuses a mask with a flipped bit anywhere", () => {
    const png = encodeIndexedPng(labelsOf(4, [0, 1, 2, 3]), vocPalette(4));
    for (let bit = 0; bit < png.length * 8; bit += 3) {
      const damaged = Uint8Array.from(png);
      damaged[bit >> 3] = (png[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      errorOf(() => decodeMask(damaged, "m"), "INVALID_IMAGE");
    }
  });

  it("refuses compressed data that ends early", () => {
    const header = { width: 4, height: 4, depth: 8, colorType: 0 };
    errorOf(() => decodeMask(rawPng(header, [0, 1, 2, 3, 4]), "m"), "INVALID_IMAGE");
  });
});
