import { ByteReader } from "./byte-reader.ts";
import type { ByteRange, ByteSource } from "./byte-source.ts";
import { quote } from "./invalid.ts";

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const END_OF_DIRECTORY_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
/** Bytes of the fixed part of the record that ends a zip file; a comment of at most 65535 bytes follows. */
const END_SIZE = 22;
const END_64_SIZE = 56;
const LOCATOR_64_SIZE = 20;
const MAX_COMMENT = 0xffff;
/** Bytes of the fixed part of the header before a file. */
const LOCAL_HEADER_SIZE = 30;
/** In a field of so many bits: the true value is in the zip64 record or extra field. */
const IN_ZIP64 = { 16: 0xffff, 32: 0xffffffff } as const;
const ZIP64_FIELD = 1;
const ENCRYPTED_FLAG = 1;
const STORED_METHOD = 0;

/** The files of a zip archive. */
export interface Zip {
  readonly names: ReadonlySet<string>;
  /**
   * Where the bytes of a file lie.
   *
   * @throws LightsegError INVALID_WEIGHTS if there is no such file, if it is compressed, or damaged.
   */
  locate(name: string): ByteRange;
}

interface Entry {
  readonly name: string;
  readonly compressed: boolean;
  /** Bytes in the archive. */
  readonly size: number;
  /** Where its own header starts, and where this must end before an extra field. */
  readonly start: number;
  readonly nameEnd: number;
}

/**
 * Reads the list of files that ends a zip archive, of 32 or 64 bits; checks no checksums.
 *
 * Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 *
 * @throws LightsegError INVALID_WEIGHTS for a damaged archive, a repeated name, an encrypted file, or files
 *   that share bytes.
 */
export function openZip(source: ByteSource, file: string): Zip {
  const reader = new ByteReader(source, file, "the zip archive");
  const { start, end, count } = findDirectory(source, reader);
  reader.position = start;
  const entries = new Map<string, Entry>();
  while (reader.position < end) {
    const entry = readEntry(reader);
    if (entries.has(entry.name)) reader.fail(`holds ${quote(entry.name)} twice`);
    entries.set(entry.name, entry);
  }
  if (entries.size !== count || reader.position !== end) {
    reader.fail("is damaged: the list of its files has another length than it says");
  }
  const limits = findLimits([...entries.values()], start, reader);

  return {
    names: new Set(entries.keys()),
    locate(name) {
      const entry = entries.get(name) ?? reader.fail(`holds no ${quote(name)}`);
      if (entry.compressed) reader.fail(`holds ${quote(name)} compressed, which torch.save never does`);
      const header = new ByteReader(source, file, "the zip archive", {
        start: entry.start,
        end: entry.nameEnd,
      });
      const start = findData(header, entry);
      const end = start + entry.size;
      if (end > (limits.get(entry) ?? 0)) reader.fail(`is damaged: ${quote(name)} has no room in it`);
      return { start, end };
    },
  };
}

/** The byte range of the central directory, and how many files it lists. */
function findDirectory(source: ByteSource, reader: ByteReader): ByteRange & { count: number } {
  const endAt = findEnd(source);
  if (endAt === undefined) reader.fail("is cut off: it has no list of its files at its end");
  reader.position = endAt + 10;
  let count = reader.u16();
  let size = reader.u32();
  let start = reader.u32();
  let limit = endAt;

  reader.position = Math.max(0, endAt - LOCATOR_64_SIZE);
  if (endAt >= LOCATOR_64_SIZE && reader.u32() === LOCATOR_64) {
    reader.skip(4);
    limit = reader.u64();
    reader.position = limit;
    if (limit > endAt - LOCATOR_64_SIZE - END_64_SIZE || reader.u32() !== END_OF_DIRECTORY_64) {
      reader.fail("is damaged: its zip64 record is missing");
    }
    reader.skip(28);
    count = widen(count, 16, reader);
    size = widen(size, 32, reader);
    start = widen(start, 32, reader);
  }
  if (start + size > limit) reader.fail("is damaged: the list of its files lies outside it");
  return { start, end: start + size, count };
}

/** The next 64-bit value, which must be that of the narrow field if this has one. */
function widen(narrow: number, bits: 16 | 32, reader: ByteReader): number {
  const wide = reader.u64();
  if (narrow !== IN_ZIP64[bits] && narrow !== wide) {
    reader.fail("is damaged: its zip64 record contradicts the end of it");
  }
  return wide;
}

/** The position of the end record: the last one whose comment reaches exactly to the end of the archive. */
function findEnd(source: ByteSource): number | undefined {
  // Comments are rare, and looking for one reads many bytes.
  return findEndIn(source, END_SIZE) ?? findEndIn(source, END_SIZE + MAX_COMMENT);
}

function findEndIn(source: ByteSource, tailSize: number): number | undefined {
  const tailStart = Math.max(0, source.size - tailSize);
  const tail = source.read(tailStart, source.size);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  for (let at = tail.length - END_SIZE; at >= 0; at--) {
    if (view.getUint32(at, true) !== END_OF_DIRECTORY) continue;
    if (at + END_SIZE + view.getUint16(at + 20, true) === tail.length) return tailStart + at;
  }
  return undefined;
}

/** Reads one entry of the central directory and leaves the reader behind it. */
function readEntry(reader: ByteReader): Entry {
  if (reader.u32() !== CENTRAL_HEADER) reader.fail("is damaged: the list of its files is broken");
  reader.skip(4);
  const flags = reader.u16();
  const method = reader.u16();
  reader.skip(8);
  const size32 = reader.u32();
  const fullSize32 = reader.u32();
  const nameLength = reader.u16();
  const extraLength = reader.u16();
  const commentLength = reader.u16();
  reader.skip(8);
  const start32 = reader.u32();
  const name = reader.text(nameLength);
  const [fullSize = 0, size = 0, start = 0] = readZip64Field(
    [fullSize32, size32, start32],
    extraLength,
    reader,
  );
  reader.skip(commentLength);

  if (flags & ENCRYPTED_FLAG) reader.fail(`holds ${quote(name)} encrypted`);
  const compressed = method !== STORED_METHOD;
  if (!compressed && size !== fullSize) reader.fail(`is damaged: ${quote(name)} has two sizes`);
  return { name, compressed, size, start, nameEnd: start + LOCAL_HEADER_SIZE + nameLength };
}

/**
 * Replaces each value too large for 32 bits by its 64-bit form, which the zip64 extra field lists in this
 * order. Leaves the reader behind the extra fields.
 */
function readZip64Field(
  narrow: readonly number[],
  extraLength: number,
  reader: ByteReader,
): readonly number[] {
  const end = reader.position + extraLength;
  let values = narrow;
  while (reader.position < end) {
    const id = reader.u16();
    const next = reader.u16() + reader.position;
    if (id === ZIP64_FIELD) {
      values = narrow.map((value) => (value === IN_ZIP64[32] ? reader.u64() : value));
      if (reader.position > next) reader.fail("is damaged: a zip64 field is too short");
    }
    reader.position = next;
  }
  if (reader.position !== end) reader.fail("is damaged: an extra field is longer than all of them");
  return values;
}

/** Where each file must end: where the next one starts. Files that share bytes are refused. */
function findLimits(
  entries: readonly Entry[],
  directoryStart: number,
  reader: ByteReader,
): ReadonlyMap<Entry, number> {
  const limits = new Map<Entry, number>();
  const sorted = entries.toSorted((a, b) => a.start - b.start);
  for (const [i, entry] of sorted.entries()) {
    const limit = sorted[i + 1]?.start ?? directoryStart;
    if (entry.nameEnd + entry.size > limit) {
      reader.fail(`is damaged: ${quote(entry.name)} has no room in it`);
    }
    limits.set(entry, limit);
  }
  return limits;
}

/** Checks a file's local header, all that the reader holds, and returns where its bytes start. */
function findData(header: ByteReader, { name, nameEnd }: Entry): number {
  if (header.u32() !== LOCAL_HEADER) header.fail(`is damaged: ${quote(name)} has no header`);
  header.skip(22);
  const nameLength = header.u16();
  const extraLength = header.u16();
  if (header.text(nameLength) !== name) {
    header.fail(`is damaged: ${quote(name)} has another name in the header before it`);
  }
  return nameEnd + extraLength;
}
