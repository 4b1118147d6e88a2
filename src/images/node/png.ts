import { inflateSync } from "node:zlib";
import { LightsegError, messageOf } from "../../errors.ts";
import { describeKind, IS_PHOTO } from "../../node/file-kind.ts";
import { MAX_PIXELS } from "../check.ts";
import { crc32 } from "../crc32.ts";

/** The kinds of pixels that a PNG can hold, by its color type: samples a pixel, and a name for messages. */
const COLOR_TYPES: ReadonlyMap<number, { channels: number; name: string }> = new Map([
  [0, { channels: 1, name: "gray" }],
  [2, { channels: 3, name: "RGB" }],
  [3, { channels: 1, name: "palette" }],
  [4, { channels: 2, name: "gray with alpha" }],
  [6, { channels: 4, name: "RGB with alpha" }],
]);
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/** First column, first row and the distances of the pixels in each pass of an interlaced PNG (Adam7). */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const WHOLE = [[0, 0, 1, 1]] as const;

/** What the header of a PNG says. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** E.g. `gray`, `palette` or `RGB`. */
  readonly kind: string;
  /** Samples a pixel. */
  readonly channels: number;
}

/** The pixels of a PNG as they are stored: not scaled, and not looked up in the palette. */
export interface PngPixels extends PngHeader {
  /** One byte a sample, `[height, width, channels]`. */
  readonly samples: Uint8Array;
  /** Red, green and blue of each entry in turn; empty without a palette. */
  readonly palette: Uint8Array;
}

/**
 * Reads the pixels of a PNG of at most 8 bits a sample.
 *
 * The checksums of the header, the palette and the pixels must be right. All other chunks, such as color
 * profiles and texts, are passed over, damaged or not.
 *
 * @param file named in errors
 * @param check throws for headers that are not wanted, before anything is inflated
 * @throws LightsegError INVALID_IMAGE for bytes that are no PNG, cut short or damaged, or claim too many
 *   pixels
 */
export function decodePng(bytes: Uint8Array, file: string, check: (header: PngHeader) => void): PngPixels {
  const chunks = new Chunks(bytes, file);
  const { header, interlaced } = readHeader(chunks.next(), file);
  check(header);
  if (header.depth > 8) throw invalidMask(file, "must have at most 8 bits a sample", header.depth);
  let palette = new Uint8Array();
  const compressed: Uint8Array[] = [];
  // Missing pixels are noticed when they are inflated. A missing IEND is harmless.
  for (let chunk = chunks.next(); chunk.name !== "IEND"; chunk = chunks.isAtEnd ? END : chunks.next()) {
    if (chunk.name === "PLTE") palette = Uint8Array.from(chunk.data);
    else if (chunk.name === "IDAT") compressed.push(chunk.data);
    else if (isCritical(chunk.name)) throw damaged(file, `a chunk ${chunk.name}`);
  }
  if (header.kind === "palette" && palette.length === 0) throw damaged(file, "no palette");

  const passes = (interlaced ? PASSES : WHOLE).map(([left, top, across, down]) => ({
    left,
    top,
    across,
    down,
    width: Math.ceil((header.width - left) / across),
    height: Math.ceil((header.height - top) / down),
  }));
  const rowLength = (width: number) => Math.ceil((width * header.channels * header.depth) / 8);
  const length = passes.reduce(
    (sum, { width, height }) => sum + (width > 0 ? height * (1 + rowLength(width)) : 0),
    0,
  );
  const rows = inflate(compressed, length, file);

  const { width: imageWidth, channels, depth } = header;
  const samples = new Uint8Array(imageWidth * header.height * channels);
  const distance = Math.max(1, (channels * depth) >> 3);
  let at = 0;
  for (const { left, top, across, down, width, height } of passes) {
    if (width === 0) continue;
    const stride = rowLength(width);
    let above: Uint8Array = new Uint8Array(stride);
    for (let y = 0; y < height; y++, at += 1 + stride) {
      const row = rows.subarray(at + 1, at + 1 + stride);
      if (!undoFilter(rows[at] ?? 0, row, above, distance)) throw damaged(file, "an unknown row filter");
      const start = ((top + y * down) * imageWidth + left) * channels;
      if (depth === 8 && across === 1) samples.set(row, start);
      else spreadRow({ row, depth, channels, width, samples, start, step: across * channels });
      above = row;
    }
  }
  return { ...header, samples, palette };
}

/** The error for a PNG that is not one of labels. */
export function invalidMask(
  file: string,
  rule: string,
  value?: unknown,
  hint?: string,
  cause?: unknown,
): LightsegError {
  return new LightsegError({
    code: "INVALID_IMAGE",
    where: "decodeMask",
    file,
    argument: "mask",
    rule,
    value,
    hint,
    cause,
  });
}

function damaged(file: string, value: string, cause?: unknown): LightsegError {
  return invalidMask(file, "must be a whole, undamaged PNG", value, undefined, cause);
}

function maskHint(bytes: Uint8Array): string | undefined {
  const kind = describeKind(bytes);
  return kind === IS_PHOTO ? "it is of another format: save masks as PNGs, which keep every value" : kind;
}

interface Chunk {
  readonly name: string;
  readonly data: Uint8Array;
}

const END: Chunk = { name: "IEND", data: new Uint8Array() };

/** A decoder cannot go without a critical chunk; its name begins with a capital. */
function isCritical(name: string): boolean {
  return /^[A-Z]/.test(name);
}

/** Reads the chunks of a PNG in order, and checks the ones that decoding needs. */
class Chunks {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  #at = SIGNATURE.length;

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#file = file;
    if (bytes.length === 0) throw invalidMask(file, "must be a PNG", "an empty file");
    if (!SIGNATURE.every((byte, index) => bytes[index] === byte))
      throw invalidMask(file, "must be a PNG", "another kind of file", maskHint(bytes));
  }

  /** Whether there is less left than a chunk takes. */
  get isAtEnd(): boolean {
    return this.#at + 12 > this.#bytes.length;
  }

  next(): Chunk {
    const start = this.#at;
    const left = this.#bytes.length - start - 12;
    const length = left < 0 ? 0 : this.#view.getUint32(start);
    if (length > left) throw damaged(this.#file, `${this.#bytes.length} bytes`);
    const named = this.#bytes.subarray(start + 4, start + 8 + length);
    const name = String.fromCharCode(...named.subarray(0, 4));
    if (!/^[A-Za-z]{4}$/.test(name)) throw damaged(this.#file, `a chunk ${JSON.stringify(name)}`);
    if (isCritical(name) && crc32(named) !== this.#view.getUint32(start + 8 + length))
      throw damaged(this.#file, `a wrong checksum of the chunk ${name}`);
    this.#at = start + 12 + length;
    return { name, data: named.subarray(4) };
  }
}

function readHeader({ name, data }: Chunk, file: string): { header: PngHeader; interlaced: boolean } {
  if (name !== "IHDR" || data.length !== 13) throw invalidMask(file, "must start with an IHDR chunk", name);
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const [width, height, depth, colorType] = [
    view.getUint32(0),
    view.getUint32(4),
    view.getUint8(8),
    view.getUint8(9),
  ];
  const type = COLOR_TYPES.get(colorType);
  if (!type) throw damaged(file, `color type ${colorType}`);
  if (![1, 2, 4, 8, 16].includes(depth) || (depth < 8 && type.channels > 1))
    throw damaged(file, `${depth} bits`);
  if (width === 0 || height === 0 || width * height > MAX_PIXELS)
    throw invalidMask(file, `must have 1 to ${MAX_PIXELS} pixels`, `${width} x ${height}`);
  return {
    header: { width, height, depth, kind: type.name, channels: type.channels },
    interlaced: view.getUint8(12) === 1,
  };
}

/** Inflates to exactly so many bytes; zlib's own checksum covers all of them. */
function inflate(parts: readonly Uint8Array[], length: number, file: string): Uint8Array {
  let rows: Uint8Array;
  try {
    rows = inflateSync(Buffer.concat(parts), { maxOutputLength: length });
  } catch (cause) {
    const isLonger = cause instanceof RangeError;
    throw damaged(file, isLonger ? `more than the ${length} bytes of its pixels` : messageOf(cause), cause);
  }
  if (rows.length !== length) throw damaged(file, `${rows.length} of the ${length} bytes of its pixels`);
  return rows;
}

/** Undoes the filter of a row in place. @returns false for an unknown filter */
function undoFilter(filter: number, row: Uint8Array, above: Uint8Array, distance: number): boolean {
  switch (filter) {
    case 0:
      return true;
    case 1:
      for (let i = distance; i < row.length; i++) row[i] = (row[i] ?? 0) + (row[i - distance] ?? 0);
      return true;
    case 2:
      for (let i = 0; i < row.length; i++) row[i] = (row[i] ?? 0) + (above[i] ?? 0);
      return true;
    case 3:
      for (let i = 0; i < row.length; i++)
        row[i] = (row[i] ?? 0) + (((row[i - distance] ?? 0) + (above[i] ?? 0)) >> 1);
      return true;
    case 4:
      for (let i = 0; i < row.length; i++)
        row[i] = (row[i] ?? 0) + paeth(row[i - distance] ?? 0, above[i] ?? 0, above[i - distance] ?? 0);
      return true;
    default:
      return false;
  }
}

/** Of left, above and above left, the one nearest to `left + above - aboveLeft`. */
function paeth(left: number, above: number, aboveLeft: number): number {
  const toLeft = Math.abs(above - aboveLeft);
  const toAbove = Math.abs(left - aboveLeft);
  const toAboveLeft = Math.abs(left + above - 2 * aboveLeft);
  if (toLeft <= toAbove && toLeft <= toAboveLeft) return left;
  return toAbove <= toAboveLeft ? above : aboveLeft;
}

interface SpreadRow {
  row: Uint8Array;
  depth: number;
  channels: number;
  width: number;
  samples: Uint8Array;
  /** Where the first sample goes, and how far it is from one pixel to the next. */
  start: number;
  step: number;
}

/** Unpacks the samples of a row; within a byte, the leftmost has the highest bits. */
function spreadRow({ row, depth, channels, width, samples, start, step }: SpreadRow): void {
  const mask = (1 << depth) - 1;
  for (let x = 0, bit = 0; x < width; x++) {
    for (let channel = 0; channel < channels; channel++, bit += depth)
      samples[start + x * step + channel] = ((row[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & mask;
  }
}
