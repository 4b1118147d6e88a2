import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { decodePhoto } from "../../../src/images/node/decode.ts";
import { repairJpeg } from "../../../src/images/node/repair-jpeg.ts";
import type { Photo } from "../../../src/images/types.ts";
import { gradient, rejectionOf, toSharp } from "../helpers.ts";

const SOS = 0xda;
let sound: Buffer;
let whole: Photo;
beforeAll(async () => {
  sound = await toSharp(gradient(64, 48)).jpeg().toBuffer();
  whole = await decodePhoto(sound);
});

/** Where the first segment of a kind begins. */
function find(jpeg: Buffer, marker: number): number {
  for (let at = 2; at < jpeg.length; at += 2 + jpeg.readUInt16BE(at + 2))
    if (jpeg[at + 1] === marker) return at;
  throw new RangeError(`no segment ${marker}`);
}

/** The last coefficient in the scan header, as some phones write it. */
function withoutRange(jpeg: Buffer): Buffer {
  const bytes = Buffer.from(jpeg);
  const at = find(bytes, SOS);
  bytes[at + 6 + 2 * (bytes[at + 4] ?? 0)] = 0;
  return bytes;
}

function insert(jpeg: Buffer, at: number, bytes: readonly number[]): Buffer {
  return Buffer.concat([jpeg.subarray(0, at), Buffer.from(bytes), jpeg.subarray(at)]);
}

/** A segment of Adobe with a color transform. */
const adobe = (transform: number) => [
  ...[0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100],
  ...[0, 0, 0, 0, transform],
];
/** A segment of JFIF with a version. */
const jfif = (version: number) => [
  ...[0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, version],
  ...[1, 0, 0, 1, 0, 1, 0, 0],
];

describe("decodePhoto of JPEGs that decoders warn of", () => {
  it.each<[string, (jpeg: Buffer) => Buffer]>([
    ["a scan header of Se = 0", withoutRange],
    ["zeros between two segments", (jpeg) => insert(jpeg, find(jpeg, SOS), [0, 0, 0, 0])],
    ["other bytes between two segments", (jpeg) => insert(jpeg, find(jpeg, SOS), [0x11, 0x22])],
    ["no end mark", (jpeg) => jpeg.subarray(0, -2)],
    ["a color transform that nobody knows", (jpeg) => insert(jpeg, 2, adobe(7))],
    ["a version of JFIF that nobody knows", (jpeg) => insert(jpeg, 2, jfif(3))],
    ["all of these", (jpeg) => insert(insert(withoutRange(jpeg), 2, adobe(7)), 2, jfif(9))],
    ["bytes after its end", (jpeg) => Buffer.concat([withoutRange(jpeg), Buffer.alloc(50, 7)])],
  ])("reads every pixel of one with %s", async (_, change) => {
    expect(await decodePhoto(change(sound))).toEqual(whole);
  });

  it("reads a gray one too, whose scan header is shorter", async () => {
    const gray = await toSharp(gradient(64, 48)).grayscale().jpeg().toBuffer();
    expect(await decodePhoto(withoutRange(gray))).toEqual(await decodePhoto(gray));
  });

  it.each([0.3, 0.6, 0.9])(
    "refuses one cut after %s of its bytes, with an end mark or without",
    async (share) => {
      const bytes = withoutRange(sound);
      const cut = bytes.subarray(0, Math.floor(share * bytes.length));
      await rejectionOf(decodePhoto(cut), "INVALID_IMAGE");
      await rejectionOf(decodePhoto(Buffer.concat([cut, Buffer.of(0xff, 0xd9)])), "INVALID_IMAGE");
    },
  );

  it("refuses one without an end mark that lacks a byte of its pixels, or may lack a scan", async () => {
    await rejectionOf(decodePhoto(sound.subarray(0, -3)), "INVALID_IMAGE");
    const progressive = await sharp(sound).jpeg({ progressive: true }).toBuffer();
    await rejectionOf(decodePhoto(progressive.subarray(0, -2)), "INVALID_IMAGE");
  });

  it("does not touch progressive files, whose scans have ranges of their own, nor sound ones", async () => {
    expect(repairJpeg(sound)).toBeUndefined();
    const progressive = await sharp(sound).jpeg({ progressive: true }).toBuffer();
    expect(repairJpeg(progressive)).toBeUndefined();
    for (const other of [[], [0xff], [0xff, 0xd8], [0xff, 0xd8, 0xff], [0xff, 0xd8, 0xff, 0xda, 0, 0]])
      expect(repairJpeg(Uint8Array.from(other))).toBeUndefined();
  });
});
