import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkPhoto } from "../../../src/images/check.ts";
import { decodePhoto } from "../../../src/images/node/decode.ts";
import type { Photo } from "../../../src/images/types.ts";
import { errorOf, gradient, photoOf, pixel, rawPng, rejectionOf, toSharp } from "../helpers.ts";

const source = gradient(48, 36);

function largestDifference(a: Photo, b: Photo): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.data[i] ?? 0))), 0);
}

describe("decodePhoto", () => {
  it.each(["png", "tiff", "gif", "webp", "jpeg", "avif"] as const)("reads %s", async (format) => {
    // One color survives every codec's palette or transform almost unchanged.
    const flat = photoOf(20, 10, () => [200, 100, 50]);
    const bytes = await toSharp(flat).toFormat(format, { lossless: true, quality: 100 }).toBuffer();
    const photo = await decodePhoto(bytes);
    expect(photo.data.constructor).toBe(Uint8Array);
    expect(largestDifference(photo, flat)).toBeLessThanOrEqual(3);
  });

  it("keeps every pixel of a PNG", async () => {
    expect(await decodePhoto(await toSharp(source).png().toBuffer())).toEqual(source);
  });

  it("reads a single pixel", async () => {
    const dot = photoOf(1, 1, () => [1, 2, 3]);
    expect(await decodePhoto(await toSharp(dot).png().toBuffer())).toEqual(dot);
  });

  it("reads bytes that lie inside a larger buffer", async () => {
    const png = await toSharp(source).png().toBuffer();
    const larger = new Uint8Array(png.length + 20);
    larger.set(png, 7);
    expect(await decodePhoto(larger.subarray(7, 7 + png.length))).toEqual(source);
  });

  it("repeats gray in three channels", async () => {
    const photo = await decodePhoto(rawPng({ width: 2, height: 1, depth: 8, colorType: 0 }, [0, 10, 200]));
    expect([...photo.data]).toEqual([10, 10, 10, 200, 200, 200]);
  });

  it("composites gray with alpha on white", async () => {
    const scanline = [0, 100, 255, 100, 0];
    const photo = await decodePhoto(rawPng({ width: 2, height: 1, depth: 8, colorType: 4 }, scanline));
    expect([...photo.data]).toEqual([100, 100, 100, 255, 255, 255]);
  });

  it("composites RGB with alpha on white", async () => {
    const scanline = [0, 10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 51];
    const photo = await decodePhoto(rawPng({ width: 3, height: 1, depth: 8, colorType: 6 }, scanline));
    // 51/255 is a fifth: 0.8 * 255 + 0.2 * [0, 100, 200].
    expect([...photo.data]).toEqual([10, 20, 30, 255, 255, 255, 204, 224, 244]);
  });

  it("keeps the upper byte of 16-bit channels", async () => {
    const rgb = [0, 0x12, 0x34, 0x80, 0x00, 0xff, 0xff];
    const color = await decodePhoto(rawPng({ width: 1, height: 1, depth: 16, colorType: 2 }, rgb));
    expect([...color.data]).toEqual([0x12, 0x80, 0xff]);
    const gray = await decodePhoto(rawPng({ width: 1, height: 1, depth: 16, colorType: 0 }, [0, 0x80, 0x01]));
    expect([...gray.data]).toEqual([0x80, 0x80, 0x80]);
  });

  it("looks up palette colors and scales gray of 1 bit", async () => {
    const palette: [string, number[]][] = [["PLTE", [1, 2, 3, 40, 50, 60]]];
    const indexed = rawPng({ width: 2, height: 1, depth: 8, colorType: 3 }, [0, 1, 0], palette);
    expect([...(await decodePhoto(indexed)).data]).toEqual([40, 50, 60, 1, 2, 3]);
    const bits = rawPng({ width: 2, height: 1, depth: 1, colorType: 0 }, [0, 0b01000000]);
    expect([...(await decodePhoto(bits)).data]).toEqual([0, 0, 0, 255, 255, 255]);
  });

  it("converts a CMYK JPEG", async () => {
    const red = photoOf(16, 16, () => [200, 40, 40]);
    const bytes = await toSharp(red).toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(bytes).metadata()).channels).toBe(4);
    expect(largestDifference(await decodePhoto(bytes), red)).toBeLessThan(25);
  });

  it("turns a photo with EXIF orientation 6 clockwise", async () => {
    // Stored with red on the left and blue on the right; turned, red is at the top.
    const stored = photoOf(32, 16, (x) => (x < 16 ? [255, 0, 0] : [0, 0, 255]));
    const bytes = await toSharp(stored).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer();
    const photo = await decodePhoto(bytes);
    expect([photo.width, photo.height]).toEqual([16, 32]);
    expect(pixel(photo, 8, 4)[0]).toBeGreaterThan(240);
    expect(pixel(photo, 8, 28)[2]).toBeGreaterThan(240);
  });

  it("takes the first frame of an animation", async () => {
    const frames = photoOf(8, 16, (_, y) => (y < 8 ? [0, 255, 0] : [255, 0, 0]));
    const bytes = await sharp(frames.data, { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } })
      .gif()
      .toBuffer();
    expect((await sharp(bytes).metadata()).pages).toBe(2);
    expect(await decodePhoto(bytes)).toEqual(photoOf(8, 8, () => [0, 255, 0]));
  });
});

describe("decodePhoto, given something that is no photo", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lightseg-decode-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function file(name: string, bytes: string | Uint8Array): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  }

  it("reads a photo from its path and names the path in errors", async () => {
    const path = await file("photo.png", await toSharp(source).png().toBuffer());
    expect(await decodePhoto(path)).toEqual(source);
    expect(await decodePhoto(pathToFileURL(path))).toEqual(source);
    const text = await file("text.jpg", "this is not a photo");
    const { message } = await rejectionOf(decodePhoto(text), "INVALID_IMAGE");
    expect(message).toContain(`decodePhoto: ${text}: photo is not an image that can be read, got `);
  });

  it("tells a missing file from one that cannot be read", async () => {
    const missing = await rejectionOf(decodePhoto(join(folder, "missing.jpg")), "NOT_FOUND");
    expect(missing.message).toBe(`decodePhoto: ${join(folder, "missing.jpg")}: photo does not exist`);
    const inside = await file("plain.txt", "text");
    await rejectionOf(decodePhoto(join(inside, "photo.jpg")), "NOT_FOUND");
    await rejectionOf(decodePhoto("bad\0path"), "INVALID_IMAGE");
  });

  it("says where a link leads to nothing, or back to itself", async () => {
    await symlink("gone.jpg", join(folder, "dangling.jpg"));
    await symlink("loop.jpg", join(folder, "loop.jpg"));
    const dangling = await rejectionOf(decodePhoto(join(folder, "dangling.jpg")), "NOT_FOUND");
    expect(dangling.message).toContain("photo does not exist: it is a link to gone.jpg");
    const loop = await rejectionOf(decodePhoto(join(folder, "loop.jpg")), "INVALID_IMAGE");
    expect(loop.message).toContain("photo cannot be read: it is a link that leads back to itself");
  });

  it("refuses a folder and an empty file", async () => {
    await mkdir(join(folder, "folder.jpg"));
    expect((await rejectionOf(decodePhoto(join(folder, "folder.jpg")), "INVALID_IMAGE")).message).toContain(
      "folder",
    );
    const empty = await file("empty.jpg", "");
    expect((await rejectionOf(decodePhoto(empty), "INVALID_IMAGE")).message).toContain("an empty file");
    await rejectionOf(decodePhoto(new Uint8Array(0)), "INVALID_IMAGE");
  });

  it("refuses drawings and documents", async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>';
    const { message } = await rejectionOf(decodePhoto(Buffer.from(svg)), "INVALID_IMAGE");
    expect(message).toContain("the format svg");
    await rejectionOf(decodePhoto(Buffer.from("%PDF-1.4\n1 0 obj\n")), "INVALID_IMAGE");
  });

  it("refuses a photo that claims too many pixels, by its header alone", async () => {
    const bytes = rawPng({ width: 20000, height: 20000, depth: 8, colorType: 2 }, [0]);
    const { message } = await rejectionOf(decodePhoto(bytes), "INVALID_IMAGE");
    expect(message).toContain("must have at most 64000000 pixels");
    expect(message).toContain("20000 x 20000");
    const small = await toSharp(source).png().toBuffer();
    await rejectionOf(decodePhoto(small, { maxPixels: 48 * 36 - 1 }), "INVALID_IMAGE");
    expect(await decodePhoto(small, { maxPixels: 48 * 36 })).toEqual(source);
  });

  it("refuses arguments of the wrong kind", async () => {
    const bytes = await toSharp(source).png().toBuffer();
    for (const maxPixels of [0, -1, 1.5, Number.NaN]) {
      await rejectionOf(decodePhoto(bytes, { maxPixels }), "INVALID_ARGUMENT");
    }
    for (const value of [3, null, {}]) {
      // @ts-expect-error neither a path nor bytes
      await rejectionOf(decodePhoto(value), "INVALID_ARGUMENT");
    }
  });

  it.each(["png", "jpeg", "webp", "gif", "tiff"] as const)(
    "refuses a %s cut at any length",
    async (format) => {
      const bytes = await toSharp(source).toFormat(format).toBuffer();
      const whole = await decodePhoto(bytes);
      const step = Math.max(1, Math.floor(bytes.length / 60));
      const lengths = Array.from({ length: Math.floor(bytes.length / step) }, (_, i) => i * step);
      for (const length of [...lengths, ...[1, 2, 3, 8, 12, 16].map((cut) => bytes.length - cut)]) {
        const photo = await decodePhoto(bytes.subarray(0, length)).catch((error: unknown) =>
          rejectionOf(Promise.reject(error), "INVALID_IMAGE").then(() => undefined),
        );
        // A file that lacks no more than its end mark still holds every pixel.
        if (photo !== undefined) {
          expect(photo).toEqual(whole);
          expect(bytes.length - length).toBeLessThanOrEqual(16);
        }
      }
    },
  );

  it("refuses a JPEG whose compressed data is damaged", async () => {
    const bytes = await toSharp(photoOf(64, 64, (x, y) => [(x * y) & 255, (x * 17) & 255, (y * 31) & 255]))
      .jpeg()
      .toBuffer();
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 200);
    await rejectionOf(decodePhoto(bytes), "INVALID_IMAGE");
  });

  it("never throws anything but a LightsegError for arbitrary bytes", async () => {
    const starts = [
      [],
      [0xff, 0xd8, 0xff],
      [137, 80, 78, 71, 13, 10, 26, 10],
      [0x47, 0x49, 0x46, 0x38, 0x39, 0x61],
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 200 }), async (start, rest) => {
        await rejectionOf(decodePhoto(Uint8Array.from([...start, ...rest])), "INVALID_IMAGE");
      }),
      { numRuns: 60 },
    );
  });
});

describe("checkPhoto", () => {
  it("accepts pixels of the right length", () => {
    checkPhoto(gradient(3, 2), "segment");
    checkPhoto({ width: 1, height: 1, data: new Uint8Array(3) }, "segment");
  });

  it.each([
    [0, 1, 0],
    [1, -1, 3],
    [1.5, 2, 9],
    [Number.NaN, 1, 3],
    [2, 2, 11],
    [2, 2, 4],
  ])("refuses width %s, height %s and %s bytes", (width, height, length) => {
    errorOf(() => checkPhoto({ width, height, data: new Uint8Array(length) }, "segment"), "INVALID_IMAGE");
  });

  it("says what is wrong and what to do", () => {
    const rgba = { width: 2, height: 1, data: new Uint8Array(8) };
    expect(errorOf(() => checkPhoto(rgba, "segment"), "INVALID_IMAGE").message).toBe(
      "segment: photo.data must hold 2 x 1 x 3 = 6 bytes, got 8 (drop the alpha channel)",
    );
  });

  it("takes nothing about the object for granted", () => {
    // @ts-expect-error no photo at all
    errorOf(() => checkPhoto(null, "segment"), "INVALID_IMAGE");
    // @ts-expect-error no data
    errorOf(() => checkPhoto({ width: 1, height: 1 }, "segment"), "INVALID_IMAGE");
    // @ts-expect-error floats would be silently truncated
    errorOf(() => checkPhoto({ width: 1, height: 1, data: new Float32Array(3) }, "segment"), "INVALID_IMAGE");
  });
});
