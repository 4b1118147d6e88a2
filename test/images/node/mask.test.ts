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
    [2, 4, "4 bits"],
    [0, 3, "3 bits"],
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

  it("refuses a mask cut at any length, unless only its end mark is lost", () => {
    const labels = { width: 30, height: 20, data: Uint8Array.from({ length: 600 }, (_, i) => (i * i) % 21) };
    const png = encodeIndexedPng(labels, vocPalette(21));
    const lastPixel = png.length - 12;
    for (let length = lastPixel; length < png.length; length++)
      expect(decodeMask(png.subarray(0, length), "m")).toEqual(labels);
    for (let length = 0; length < lastPixel; length++) {
      errorOf(() => decodeMask(png.subarray(0, length), "m"), "INVALID_IMAGE");
    }
  });

  it("refuses a mask with a flipped bit anywhere before its end mark", () => {
    const png = encodeIndexedPng(labelsOf(4, [0, 1, 2, 3]), vocPalette(4));
    for (let bit = 0; bit < (png.length - 12) * 8; bit += 3) {
      const damaged = Uint8Array.from(png);
      damaged[bit >> 3] = (png[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      errorOf(() => decodeMask(damaged, "m"), "INVALID_IMAGE");
    }
  });

  it.each<[string, [string, number[]][]]>([
    ["a color profile that is none", [["iCCP", [105, 0, 0, 1, 2, 3]]]],
    ["more transparent entries than colors", [["tRNS", Array(40).fill(1)]]],
    ["a keyword of 100 letters", [["tEXt", [...Array(100).fill(97), 0, 98]]]],
    ["a gamma of two bytes", [["gAMA", [1, 2]]]],
    ["a name that no one knows", [["abCd", []]]],
  ])("reads a mask with %s, which says nothing of labels", (_, chunks) => {
    const all: [string, number[]][] = [["PLTE", [0, 0, 0, 9, 9, 9]], ...chunks];
    const png = rawPng({ width: 2, height: 1, depth: 8, colorType: 3 }, [0, 1, 0], all);
    expect(decodeMask(png, "m")).toEqual(labelsOf(2, [1, 0]));
  });

  it("reads a mask whose text has a wrong checksum, and refuses wrong ones of palette and pixels", () => {
    const header = { width: 2, height: 1, depth: 8, colorType: 3 };
    const damage = (name: string) => {
      const png = rawPng(
        header,
        [0, 1, 0],
        [
          ["PLTE", [0, 0, 0, 9, 9, 9]],
          ["tEXt", [97, 0, 98]],
        ],
      );
      const at = Buffer.from(png).indexOf(name) + 4;
      return png.with(at, (png[at] ?? 0) ^ 1);
    };
    expect(decodeMask(damage("tEXt"), "m")).toEqual(labelsOf(2, [1, 0]));
    for (const name of ["IHDR", "PLTE", "IDAT"])
      expect(errorOf(() => decodeMask(damage(name), "m"), "INVALID_IMAGE").message).toContain(
        `got "a wrong checksum of the chunk ${name}"`,
      );
    const unknown = rawPng(header, [0, 1, 0], [["ABCD", []]]);
    expect(errorOf(() => decodeMask(unknown, "m"), "INVALID_IMAGE").message).toContain('"a chunk ABCD"');
  });

  it("stops a small file that inflates beyond the size of its header", () => {
    const png = rawPng({ width: 2, height: 2, depth: 8, colorType: 0 }, new Uint8Array(50_000_000));
    expect(png.length).toBeLessThan(60_000);
    expect(errorOf(() => decodeMask(png, "m"), "INVALID_IMAGE").message).toContain(
      'got "more than the 6 bytes of its pixels"',
    );
  });

  it("undoes the filters of the mean and of Paeth", () => {
    const rows = [0, 10, 20, 3, 5, 5, 4, 1, 2];
    // Mean: 10 + (0 + 10) / 2, then + (10 + 20) / 2. Paeth predicts the pixel above, then the one to the left
    // or above.
    expect(gray(2, 3, 8, rows)).toEqual(labelsOf(2, [10, 20, 10, 20, 11, 22]));
  });

  it("refuses compressed data that ends early", () => {
    const header = { width: 4, height: 4, depth: 8, colorType: 0 };
    errorOf(() => decodeMask(rawPng(header, [0, 1, 2, 3, 4]), "m"), "INVALID_IMAGE");
  });
});
