import { crc32, deflateSync } from "node:zlib";
import type { Sharp } from "sharp";
import sharp from "sharp";
import { expect } from "vitest";
import type { ErrorCode } from "../../src/errors.ts";
import { LightsegError } from "../../src/errors.ts";
import type { LabelMap, Photo } from "../../src/images/types.ts";

/** The LightsegError that a call throws, with the given code and a message of one line. */
export function errorOf(call: () => unknown, code: ErrorCode): LightsegError {
  try {
    call();
  } catch (error) {
    return asLightsegError(error, code);
  }
  throw new Error("nothing was thrown");
}

export async function rejectionOf(promise: Promise<unknown>, code: ErrorCode): Promise<LightsegError> {
  return promise.then(
    () => Promise.reject(new Error("nothing was thrown")),
    (error: unknown) => asLightsegError(error, code),
  );
}

function asLightsegError(error: unknown, code: ErrorCode): LightsegError {
  if (!(error instanceof LightsegError)) throw error;
  expect(error.code).toBe(code);
  expect(error.message).not.toContain("\n");
  return error;
}

/** A photo of one color or, with a function, of a color per position. */
export function photoOf(
  width: number,
  height: number,
  color: (x: number, y: number) => readonly number[],
): Photo {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.set(color(x, y), (y * width + x) * 3);
  }
  return { width, height, data };
}

/** Smooth but not symmetric, so that a shift, flip or swap of channels shows. */
export function gradient(width: number, height: number): Photo {
  return photoOf(width, height, (x, y) => [(x * 5) & 255, (y * 7) & 255, (x * 3 + y * 2) & 255]);
}

export function labelsOf(width: number, values: readonly number[]): LabelMap {
  return { width, height: values.length / width, data: Uint8Array.from(values) };
}

export function pixel(photo: Photo, x: number, y: number): number[] {
  return [...photo.data.subarray((y * photo.width + x) * 3, (y * photo.width + x) * 3 + 3)];
}

export function toSharp(photo: Photo): Sharp {
  return sharp(photo.data, { raw: { width: photo.width, height: photo.height, channels: 3 } });
}

/** A PNG made by hand, so that headers and pixel layouts can be chosen freely. */
export function rawPng(
  header: { width: number; height: number; depth: number; colorType: number; interlaced?: boolean },
  scanlines: readonly number[] | Uint8Array,
  chunks: readonly [name: string, data: readonly number[]][] = [],
): Uint8Array {
  const ihdr = Buffer.alloc(13);
  ihdr.writeUInt32BE(header.width, 0);
  ihdr.writeUInt32BE(header.height, 4);
  ihdr[8] = header.depth;
  ihdr[9] = header.colorType;
  ihdr[12] = header.interlaced ? 1 : 0;
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", ihdr),
    ...chunks.map(([name, data]) => chunk(name, Buffer.from(data))),
    chunk("IDAT", deflateSync(Buffer.from(scanlines))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
