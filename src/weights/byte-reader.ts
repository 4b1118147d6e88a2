import { LightsegError } from "../errors.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A cursor over little-endian bytes that never reads past their end.
 *
 * Every failure is a `LightsegError` with code INVALID_WEIGHTS that names `where` and `argument`.
 */
export class ByteReader {
  position = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly where: string,
    private readonly argument: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Moves past the next `count` bytes and returns where they start. */
  skip(count: number): number {
    const start = this.position;
    if (count > this.bytes.length - start) {
      this.fail(`is damaged: it ends at byte ${this.bytes.length}, in the middle of an item`);
    }
    this.position = start + count;
    return start;
  }

  /** A view of the next `count` bytes, not a copy. */
  take(count: number): Uint8Array {
    const start = this.skip(count);
    return this.bytes.subarray(start, start + count);
  }

  u8(): number {
    return this.view.getUint8(this.skip(1));
  }

  u16(): number {
    return this.view.getUint16(this.skip(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  i32(): number {
    return this.view.getInt32(this.skip(4), true);
  }

  /** A 64-bit size or offset; rounded above 2^53, where it is beyond the end of any file anyway. */
  u64(): number {
    return Number(this.view.getBigUint64(this.skip(8), true));
  }

  /** A double stored big-endian, as pickles do. */
  f64BigEndian(): number {
    return this.view.getFloat64(this.skip(8), false);
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

  /** The text up to the next newline, which is skipped. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) this.fail("is damaged: a line has no end");
    const text = this.text(end - this.position);
    this.position++;
    return text;
  }

  fail(rule: string, hint?: string): never {
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: this.where,
      argument: this.argument,
      rule,
      ...(hint && { hint }),
    });
  }
}
