import { LightsegError } from "../errors.ts";

/** What all parts of a MATLAB file share. */
export interface MatSource {
  readonly littleEndian: boolean;
  /** Named in errors. */
  readonly file: string;
}

/** A tagged run of bytes, of which MATLAB level 5 files are made. */
export interface MatElement {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** Types of elements that hold others. */
export const MATRIX = 14;
export const COMPRESSED = 15;

const TAG_LENGTH = 8;

/** How a number of each type is stored. */
const numberTypes: Readonly<Record<number, { size: number; read: ReadNumber }>> = {
  1: { size: 1, read: (view, at) => view.getInt8(at) },
  2: { size: 1, read: (view, at) => view.getUint8(at) },
  3: { size: 2, read: (view, at, little) => view.getInt16(at, little) },
  4: { size: 2, read: (view, at, little) => view.getUint16(at, little) },
  5: { size: 4, read: (view, at, little) => view.getInt32(at, little) },
  6: { size: 4, read: (view, at, little) => view.getUint32(at, little) },
  7: { size: 4, read: (view, at, little) => view.getFloat32(at, little) },
  9: { size: 8, read: (view, at, little) => view.getFloat64(at, little) },
  12: { size: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  13: { size: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
};

type ReadNumber = (view: DataView, at: number, littleEndian: boolean) => number;

/** UTF-8; UTF-16 and UTF-32 are stored in the file's byte order and read as numbers. */
const UTF8 = 16;
const WIDE_TEXT: Readonly<Record<number, number>> = { 17: 4, 18: 6 };

/** Reads elements one after another. */
export class MatCursor {
  readonly #bytes: Uint8Array;
  readonly #source: MatSource;
  #at = 0;

  constructor(bytes: Uint8Array, source: MatSource) {
    this.#bytes = bytes;
    this.#source = source;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** How many bytes follow. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** @throws LightsegError INVALID_DATASET when the element is cut short */
  next(): MatElement {
    const start = this.#at;
    const view = viewOf(this.#bytes);
    const { littleEndian, file } = this.#source;
    if (this.remaining < TAG_LENGTH) throw truncated(file);
    const first = view.getUint32(start, littleEndian);
    // Up to four bytes of data are stored in the tag itself, whose first number then holds length and type.
    const inTag = first >>> 16;
    const type = inTag === 0 ? first : first & 0xffff;
    const length = inTag === 0 ? view.getUint32(start + 4, littleEndian) : inTag;
    const from = inTag === 0 ? start + TAG_LENGTH : start + 4;
    if (length > (inTag === 0 ? this.remaining - TAG_LENGTH : 4)) throw truncated(file);
    // All begin at a multiple of 8, except after compressed ones; of the last, the padding may be absent.
    const end = inTag === 0 ? from + length : start + TAG_LENGTH;
    this.#at = type === COMPRESSED ? end : start + 8 * Math.ceil((end - start) / 8);
    return { type, bytes: this.#bytes.subarray(from, from + length) };
  }
}

/** @throws LightsegError INVALID_DATASET for a type that holds no numbers, and for a part of a number */
export function readNumbers({ type, bytes }: MatElement, { littleEndian, file }: MatSource): Float64Array {
  const stored = numberTypes[type];
  if (!stored) throw invalidMat(file, "must store numbers in a numeric type", type);
  if (bytes.length % stored.size !== 0) throw truncated(file);
  const view = viewOf(bytes);
  return Float64Array.from({ length: bytes.length / stored.size }, (_, index) =>
    stored.read(view, index * stored.size, littleEndian),
  );
}

/** @throws LightsegError INVALID_DATASET for a type that holds no text */
export function readText(element: MatElement, source: MatSource): string {
  if (element.type === UTF8) return new TextDecoder().decode(element.bytes);
  const codes = readNumbers({ ...element, type: WIDE_TEXT[element.type] ?? element.type }, source);
  if (!codes.every((code) => code >= 0 && code <= 0x10ffff && Number.isInteger(code)))
    throw invalidMat(source.file, "must store text as characters");
  // One by one, as a call takes only so many arguments.
  let text = "";
  for (const code of codes) text += String.fromCodePoint(code);
  return text;
}

export function invalidMat(file: string, rule: string, value?: unknown, cause?: unknown): LightsegError {
  return new LightsegError({
    code: "INVALID_DATASET",
    where: "readMat5",
    file,
    argument: "content",
    rule,
    value,
    cause,
  });
}

function truncated(file: string): LightsegError {
  return invalidMat(file, "must be a whole MATLAB file", "one that ends within an array");
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
