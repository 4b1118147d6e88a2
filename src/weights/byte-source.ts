/** Bytes that are read where they are needed, e.g. those of an open file. */
export interface ByteSource {
  /** How many bytes there are. */
  readonly size: number;
  /** The bytes `start` to `end` (exclusive), 0 <= start <= end <= size; not to be changed. */
  read(start: number, end: number): Uint8Array;
}

/** Where something lies in a source: from byte `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (start, end) => bytes.subarray(start, end) };
}
