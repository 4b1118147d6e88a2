import { encode } from "fast-png";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeColorMask, packColor } from "../../src/datasets/color-mask.ts";
import { lightsegError } from "../support/errors.ts";

const labelOf = new Map([
  [packColor([255, 0, 0]), 0],
  [packColor([0, 128, 1]), 1],
  [packColor([85, 85, 85]), 2],
  [packColor([0, 0, 0]), 255],
]);
const size = { width: 2, height: 2 };
const rgb = Uint8Array.of(255, 0, 0, 0, 128, 1, 0, 0, 0, 255, 0, 0);
const expected = { ...size, data: Uint8Array.of(0, 1, 255, 0) };

describe("decodeColorMask", () => {
  it("reads RGB and RGBA, whose alpha is passed over", async () => {
    const plain = encode({ ...size, data: rgb, channels: 3 });
    expect(decodeColorMask(plain, labelOf, "a.png")).toEqual(expected);
    const alpha = Uint8Array.of(255, 0, 0, 255, 0, 128, 1, 7, 0, 0, 0, 0, 255, 0, 0, 255);
    const rgba = encode({ ...size, data: alpha, channels: 4 });
    expect(decodeColorMask(rgba, labelOf, "a.png")).toEqual(expected);
    const interlaced = encode({ ...size, data: rgb, channels: 3 }, { interlace: "Adam7" });
    expect(decodeColorMask(interlaced, labelOf, "a.png")).toEqual(expected);
  });

  it("looks up the palette, also of fewer than 8 bits a pixel", async () => {
    const palette = [
      [0, 0, 0],
      [255, 0, 0],
      [0, 128, 1],
    ];
    const indices = encode({ ...size, data: Uint8Array.of(1, 2, 0, 1), channels: 1, palette });
    expect(decodeColorMask(indices, labelOf, "a.png")).toEqual(expected);
    const packed = await sharp(rgb, { raw: { ...size, channels: 3 } })
      .png({ palette: true, colours: 4, dither: 0 })
      .toBuffer();
    // Depth and color type: 2 bits, indexed.
    expect([packed[24], packed[25]]).toEqual([2, 3]);
    expect(decodeColorMask(packed, labelOf, "a.png")).toEqual(expected);
  });

  it("takes gray for a color of three equal channels, whatever its depth", () => {
    const gray = encode({ ...size, data: Uint8Array.of(85, 0, 85, 85), channels: 1 });
    expect([...decodeColorMask(gray, labelOf, "a.png").data]).toEqual([2, 255, 2, 2]);
    // Rows of 2 bits a pixel: 1 (a third of white, 85) and 0; 1 and 1.
    const twoBits = encode({ ...size, data: Uint8Array.of(0b01000000, 0b01010000), channels: 1, depth: 2 });
    expect([...decodeColorMask(twoBits, labelOf, "a.png").data]).toEqual([2, 255, 2, 2]);
  });

  it("names the file, the color and the first pixel of an unknown color", () => {
    const near = encode({ ...size, data: rgb.with(8, 1).with(9, 254), channels: 3 });
    expect(() => decodeColorMask(near, labelOf, "a.png")).toThrow(
      /a\.png: mask must only hold the colors of classes .* got "#000001 at column 0, row 1"/,
    );
  });

  it("refuses other files, damage, 16 bits and claims of too many pixels", () => {
    const refused = (bytes: Uint8Array) =>
      expect(() => decodeColorMask(bytes, labelOf, "a.png")).toThrow(
        expect.objectContaining({ code: "INVALID_IMAGE", message: expect.stringContaining("a.png") }),
      );
    const png = encode({ ...size, data: rgb, channels: 3 });
    refused(new Uint8Array(0));
    refused(new TextEncoder().encode("<svg>a mask of another kind</svg>"));
    refused(png.subarray(0, png.length - 20));
    refused(png.with(45, (png[45] ?? 0) ^ 255));
    refused(encode({ ...size, data: Uint16Array.from(rgb), channels: 3, depth: 16 }));
    const huge = Uint8Array.from(png);
    new DataView(huge.buffer).setUint32(16, 70_000);
    new DataView(huge.buffer).setUint32(20, 70_000);
    expect(() => decodeColorMask(huge, labelOf, "a.png")).toThrow(
      lightsegError("INVALID_IMAGE", "decodeMask"),
    );
  });
});
