import type { ByteRange, ByteSource } from "./byte-source.ts";
import { refuseWeights } from "./invalid.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Most items are of one to four bytes. */
const READ_AHEAD = 8192;
/** Characters made at once: each is an argument of a call, of which there cannot be many. */
const LATIN1_CHUNK = 4096;

/**
 * A cursor over a range of little-endian bytes that never reads past its end.
 *
 * Every failure is a `LightsegError` with code INVALID_WEIGHTS that names `file` and `argument`.
 */
export class ByteReader {
  /** The place in the source of the next byte. */
  position: number;
  readonly #end: number;
  readonly #readAhead: number;
  /** The bytes from `windowStart` on, as far as they are read already. */
  #window: DataView = new DataView(new ArrayBuffer(0));
  #windowStart = 0;

  readonly #source: ByteSource;
  readonly #file: string;
  readonly #argument: string;

  /** Reads `start` to `end`, by default the whole source, at least `readAhead` bytes at once (8192). */
  constructor(
    source: ByteSource,
    file: string,
    argument: string,
    options: Partial<ByteRange> & { readAhead?: number } = {},
  ) {
    this.#source = source;
    this.#file = file;
    this.#argument = argument;
    this.position = options.start ?? 0;
    this.#end = options.end ?? source.size;
    this.#readAhead = options.readAhead ?? READ_AHEAD;
  }

  /** Moves past the next `count` bytes, which are not read. */
  skip(count: number): void {
    if (count > this.#end - this.position) {
      this.fail(`is damaged: it ends at byte ${this.#end}, in the middle of an item`);
    }
    this.position += count;
  }

  /** The next `count` bytes, not to be changed. */
  take(count: number): Uint8Array {
    const at = this.#load(count);
    return new Uint8Array(this.#window.buffer, this.#window.byteOffset + at, count);
  }

  u8(): number {
    const at = this.#load(1);
    return this.#window.getUint8(at);
  }

  u16(): number {
    const at = this.#load(2);
    return this.#window.getUint16(at, true);
  }

  u32(): number {
    const at = this.#load(4);
    return this.#window.getUint32(at, true);
  }

  i32(): number {
    const at = this.#load(4);
    return this.#window.getInt32(at, true);
  }

  /** A 64-bit size or offset; rounded above 2^53, where it is beyond the end of any file anyway. */
  u64(): number {
    const at = this.#load(8);
    return Number(this.#window.getBigUint64(at, true));
  }

  /** A double stored big-endian, as pickles do. */
  f64BigEndian(): number {
    const at = this.#load(8);
    return this.#window.getFloat64(at, false);
  }

  /** The next `count` bytes as UTF-8. */
  text(count: number): string {
    const bytes = this.take(count);
    try {
      return utf8.decode(bytes);
    } catch {
      return this.fail(`is damaged: text at byte ${this.position - count} is not UTF-8`);
    }
  }

  /** The next `count` bytes as Latin-1. TextDecoder's Latin-1 is Windows-1252. */
  latin1(count: number): string {
    const bytes = this.take(count);
    let text = "";
    for (let i = 0; i < count; i += LATIN1_CHUNK) {
      text += String.fromCharCode(...bytes.subarray(i, i + LATIN1_CHUNK));
    }
    return text;
  }

  /** The text up to the next newline, which is skipped. */
  line(): string {
    const start = this.position;
    while (this.u8() !== 0x0a);
    const next = this.position;
    this.position = start;
    const text = this.text(next - 1 - start);
    this.position = next;
    return text;
  }

  fail(rule: string, hint?: string): never {
    refuseWeights(this.#file, this.#argument, rule, { hint });
  }

  /** Moves past the next `count` bytes and returns their place in the window, which holds all of them. */
  #load(count: number): number {
    const start = this.position;
    this.skip(count);
    const at = start - this.#windowStart;
    if (at >= 0 && at + count <= this.#window.byteLength) return at;
    const bytes = this.#source.read(start, Math.min(this.#end, start + Math.max(count, this.#readAhead)));
    this.#window = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#windowStart = start;
    return 0;
  }
}
