/** Markers of JPEG segments. */
const SOF0 = 0xc0;
const SOF1 = 0xc1;
const SOS = 0xda;
const EOI = 0xd9;
const JFIF = 0xe0;
const ADOBE = 0xee;

/** The highest coefficient of a block; a sequential scan has all of them. */
const LAST_COEFFICIENT = 63;

/**
 * Mends JPEG headers that make a decoder warn although it does not need them. The compressed pixels stay.
 *
 * These are the range of coefficients in the scan header of a sequential file, where some phones write 0 to
 * 0; bytes between two segments before the pixels, or zeros after; an unknown Adobe color transform or JFIF
 * version; a missing end marker of a sequential file that has a scan of every component: what lacks of the
 * pixels themselves is warned of all the same.
 *
 * @returns the mended file; undefined for what is no JPEG or has nothing to mend
 */
export function repairJpeg(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const parts: Uint8Array[] = [bytes.subarray(0, 2)];
  let isSequential = false;
  /** Components of the frame, less those of the scans so far. */
  let components = Number.POSITIVE_INFINITY;
  let hasScan = false;
  let hasChanged = false;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] === 0 || (bytes[at] !== 0xff && !hasScan)) {
      at++;
      hasChanged = true;
      continue;
    }
    const marker = bytes[at + 1] ?? 0;
    // A marker may be preceded by any number of 0xff.
    if (bytes[at] === 0xff && marker === 0xff) {
      at++;
      continue;
    }
    if (bytes[at] !== 0xff || marker === EOI) break;
    const end = at + 2 + ((bytes[at + 2] ?? 0) << 8) + (bytes[at + 3] ?? 0);
    const segment = Uint8Array.from(bytes.subarray(at, end));
    if (marker === SOF0 || marker === SOF1) {
      isSequential = true;
      components = segment[9] ?? 0;
    }
    if (mendSegment(segment, marker, isSequential)) hasChanged = true;
    parts.push(segment);
    at = end;
    if (marker !== SOS) continue;
    hasScan = true;
    components -= segment[4] ?? 0;
    const next = endOfScan(bytes, at);
    parts.push(bytes.subarray(at, next));
    at = next;
  }
  parts.push(bytes.subarray(at));
  if (components === 0 && at === bytes.length) {
    parts.push(Uint8Array.of(0xff, EOI));
    hasChanged = true;
  }
  return hasChanged ? Buffer.concat(parts) : undefined;
}

/** Changes a segment in place. @returns whether there was anything to change */
function mendSegment(segment: Uint8Array, marker: number, isSequential: boolean): boolean {
  const components = segment[4] ?? 0;
  if (marker === SOS && isSequential) return put(segment, 5 + 2 * components, [0, LAST_COEFFICIENT, 0]);
  const name = String.fromCharCode(...segment.subarray(4, 9));
  if (marker === JFIF && name === "JFIF\0" && (segment[9] ?? 0) > 2) return put(segment, 9, [1]);
  // 0 means no transform, 1 YCbCr, 2 YCCK. Decoders take others for YCbCr, or YCCK with four channels.
  if (marker === ADOBE && name === "Adobe" && (segment[15] ?? 0) > 2) return put(segment, 15, [1]);
  return false;
}

/** @returns whether anything changed; nothing does where the segment is too short */
function put(segment: Uint8Array, at: number, values: readonly number[]): boolean {
  if (at + values.length > segment.length || values.every((value, index) => segment[at + index] === value))
    return false;
  segment.set(values, at);
  return true;
}

/** The first marker after the compressed pixels, which may hold 0xff00 and restart markers. */
function endOfScan(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const marker = bytes[at + 1] ?? 0;
    if (marker !== 0 && marker !== 0xff && (marker < 0xd0 || marker > 0xd7)) return at;
  }
  return bytes.length;
}
