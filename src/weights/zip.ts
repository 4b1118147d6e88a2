import { ByteReader } from "./byte-reader.ts";

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const END_OF_DIRECTORY_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
/** Bytes of the fixed part of the record that ends a zip file; a comment of at most 65535 bytes follows. */
const END_SIZE = 22;
const LOCATOR_64_SIZE = 20;
const MAX_COMMENT = 0xffff;
/** In a 32-bit field: the true value is in the zip64 extra field. */
const IN_ZIP64 = 0xffffffff;
const ZIP64_FIELD = 1;
const ENCRYPTED_FLAG = 1;
const STORED_METHOD = 0;

/** A file in a zip archive. */
export interface ZipEntry {
  /** A view of the bytes as they are in the archive. */
  stored: Uint8Array;
  compressed: boolean;
}

/**
 * Lists the files of a zip archive by name, from its central directory of 32 or 64 bits; checks no checksums.
 *
 * Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 *
 * @throws {LightsegError} INVALID_WEIGHTS for a damaged archive, a repeated name, an encrypted file.
 */
export function readZip(bytes: Uint8Array, where: string): Map<string, ZipEntry> {
  const reader = new ByteReader(bytes, where, "the zip archive");
  const { start, end } = findDirectory(bytes, reader);
  const entries = new Map<string, ZipEntry>();
  reader.position = start;
  while (reader.position < end) {
    const [name, entry] = readEntry(reader, start);
    if (entries.has(name)) reader.fail(`holds ${JSON.stringify(name)} twice`);
    entries.set(name, entry);
  }
  return entries;
}

/** The byte range of the central directory. */
function findDirectory(bytes: Uint8Array, reader: ByteReader): { start: number; end: number } {
  const endAt = findEnd(bytes);
  if (endAt === undefined) reader.fail("is cut off: it has no list of its files at its end");
  reader.position = endAt + 12;
  let size = reader.u32();
  let start = reader.u32();
  let limit = endAt;

  const locatorAt = endAt - LOCATOR_64_SIZE;
  if (locatorAt >= 0 && readSignature(bytes, locatorAt) === LOCATOR_64) {
    reader.position = locatorAt + 8;
    limit = reader.u64();
    if (readSignature(bytes, limit) !== END_OF_DIRECTORY_64)
      reader.fail("is damaged: its zip64 record is missing");
    reader.position = limit + 40;
    size = reader.u64();
    start = reader.u64();
  }
  if (start + size > limit) reader.fail("is damaged: the list of its files lies outside it");
  return { start, end: start + size };
}

/** The position of the end record: the last one whose comment reaches exactly to the end of the archive. */
function findEnd(bytes: Uint8Array): number | undefined {
  const last = bytes.length - END_SIZE;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT); at--) {
    const commentLength = (bytes[at + 20] ?? 0) | ((bytes[at + 21] ?? 0) << 8);
    if (readSignature(bytes, at) === END_OF_DIRECTORY && at + END_SIZE + commentLength === bytes.length)
      return at;
  }
  return undefined;
}

function readSignature(bytes: Uint8Array, at: number): number | undefined {
  if (at + 4 > bytes.length) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}

/** Reads one entry of the central directory, which starts at `directoryStart`, and leaves the reader behind it. */
function readEntry(reader: ByteReader, directoryStart: number): [name: string, entry: ZipEntry] {
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
  const next = reader.position + extraLength + commentLength;
  const [fullSize = 0, size = 0, start = 0] = widen([fullSize32, size32, start32], reader, extraLength);

  if (flags & ENCRYPTED_FLAG) reader.fail(`holds ${JSON.stringify(name)} encrypted`);
  reader.position = start;
  if (reader.u32() !== LOCAL_HEADER) reader.fail(`is damaged: ${JSON.stringify(name)} has no header`);
  reader.skip(22);
  reader.skip(reader.u16() + reader.u16());
  const compressed = method !== STORED_METHOD;
  if ((!compressed && size !== fullSize) || reader.position + size > directoryStart) {
    reader.fail(`is damaged: ${JSON.stringify(name)} does not lie within it`);
  }
  const stored = reader.take(size);
  reader.position = next;
  return [name, { stored, compressed }];
}

/** Replaces each value too large for 32 bits by its 64-bit form, which the zip64 extra field lists in this order. */
function widen(narrow: readonly number[], reader: ByteReader, extraLength: number): readonly number[] {
  const end = reader.position + extraLength;
  while (reader.position < end) {
    const id = reader.u16();
    const length = reader.u16();
    if (id === ZIP64_FIELD) return narrow.map((value) => (value === IN_ZIP64 ? reader.u64() : value));
    reader.skip(length);
  }
  return narrow;
}
