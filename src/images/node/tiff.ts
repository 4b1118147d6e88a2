/** Numbers of the tags that say what a pixel holds. */
const BITS_PER_SAMPLE = 258;
const PHOTOMETRIC = 262;
const SAMPLES_PER_PIXEL = 277;
const EXTRA_SAMPLES = 338;
const SAMPLE_FORMAT = 339;

/** The bands that the colors of a photometric interpretation take; others are left to the decoder. */
const COLOR_BANDS: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [1, 1],
  [2, 3],
  [3, 1],
  [5, 4],
  [6, 3],
]);

/** What the bands of a TIFF's first page are. */
export interface TiffBands {
  /** Whether the last sample is tagged as alpha. Without a tag it is something else, as near infrared. */
  readonly hasAlpha: boolean;
  /** Why the bands cannot be shown as a photo, as parts of an error. */
  readonly fault?: { readonly rule: string; readonly value: unknown; readonly hint?: string };
}

/**
 * Reads what the tags of a TIFF say about its bands.
 *
 * @returns undefined where they cannot be read: then the file is damaged, and its decoder says so
 */
export function readTiffBands(bytes: Uint8Array): TiffBands | undefined {
  const directory = readDirectory(bytes);
  if (!directory) return undefined;
  const [photometric = 1] = valuesOf(directory, PHOTOMETRIC);
  const [samples = 1] = valuesOf(directory, SAMPLES_PER_PIXEL);
  const formats = valuesOf(directory, SAMPLE_FORMAT);
  const bits = valuesOf(directory, BITS_PER_SAMPLE);
  const extra = valuesOf(directory, EXTRA_SAMPLES);
  // 1 and 2 are transparency, multiplied into the colors or not.
  const hasAlpha = extra.some((kind) => kind === 1 || kind === 2);

  const strange = formats.find((format) => format !== 1 && format !== 4);
  const hint = "scale it to 8 or 16 bits first: such numbers have no agreed range";
  if (strange !== undefined) {
    const kind = { 2: "signed integers", 3: "floating-point numbers" }[strange] ?? "complex numbers";
    const value = `${bits[0] ?? 1}-bit ${kind}`;
    return { hasAlpha, fault: { rule: "must hold unsigned integers", value, hint } };
  }
  const most = Math.max(1, ...bits);
  if (most > 16) return { hasAlpha, fault: { rule: "must have at most 16 bits a band", value: most, hint } };
  const colors = COLOR_BANDS.get(photometric);
  if (colors === undefined || samples === colors || samples === colors + 1) return { hasAlpha };
  return {
    hasAlpha,
    fault: {
      rule: `must have ${colors} or ${colors + 1} bands, as its tags say ${photometric === 2 ? "RGB" : colors === 1 ? "gray" : "other colors"}`,
      value: samples,
      hint: "keep the bands of red, green and blue, and tag them as RGB",
    },
  };
}

/**
 * Mends entries of a TIFF's first directory that make a decoder warn without need. The pixels stay.
 *
 * Only the tags needed for decoding pixels are kept, in order. Bands without a tag are tagged as unspecified.
 *
 * @returns the file with another directory at its end; undefined for what is no TIFF or is cut short
 */
export function repairTiff(bytes: Uint8Array): Uint8Array | undefined {
  const directory = readDirectory(bytes);
  if (!directory) return undefined;
  const { entries, size, countSize, offsetAt, littleEndian } = directory;
  const kept = entries
    .filter(({ tag }) => PIXEL_TAGS.has(tag))
    .map(({ tag, at }) => ({ tag, bytes: Uint8Array.from(bytes.subarray(at, at + size)) }));
  const [photometric = 1] = valuesOf(directory, PHOTOMETRIC);
  const [samples = 1] = valuesOf(directory, SAMPLES_PER_PIXEL);
  if (
    samples === (COLOR_BANDS.get(photometric) ?? samples) + 1 &&
    !kept.some(({ tag }) => tag === EXTRA_SAMPLES)
  ) {
    const entry = new Uint8Array(size);
    const view = new DataView(entry.buffer);
    view.setUint16(0, EXTRA_SAMPLES, littleEndian);
    view.setUint16(2, SHORT, littleEndian);
    // A count of one, and the value 0.
    view.setUint8(littleEndian ? 4 : 3 + countSize, 1);
    kept.push({ tag: EXTRA_SAMPLES, bytes: entry });
  }
  kept.sort((a, b) => a.tag - b.tag);

  const start = bytes.length + (bytes.length % 2);
  const head = size === BIG_ENTRY ? 8 : 2;
  const repaired = new Uint8Array(start + head + size * kept.length + countSize);
  repaired.set(bytes);
  const view = new DataView(repaired.buffer);
  const write = (at: number, width: number, value: number) => {
    if (width === 8) view.setBigUint64(at, BigInt(value), littleEndian);
    else if (width === 4) view.setUint32(at, value, littleEndian);
    else view.setUint16(at, value, littleEndian);
  };
  write(offsetAt, countSize, start);
  write(start, head, kept.length);
  for (const [index, entry] of kept.entries()) repaired.set(entry.bytes, start + head + index * size);
  return repaired;
}

const SHORT = 3;
/** The length of an entry of a BigTIFF; those of others have 12 bytes. */
const BIG_ENTRY = 20;
/** Sizes, storage, compression, colors, orientation and color profile. */
const PIXEL_TAGS: ReadonlySet<number> = new Set([
  256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 332,
  338, 339, 347, 529, 530, 531, 532, 34675,
]);

/** The first directory of a TIFF. */
interface Directory {
  readonly view: DataView;
  readonly littleEndian: boolean;
  readonly entries: readonly { readonly tag: number; readonly at: number }[];
  /** Bytes of an entry, and of a count or an offset. */
  readonly size: number;
  readonly countSize: number;
  /** Where the header says where the directory begins. */
  readonly offsetAt: number;
}

function readDirectory(bytes: Uint8Array): Directory | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 16) return undefined;
  const order = view.getUint16(0);
  const littleEndian = order === 0x4949;
  const version = view.getUint16(2, littleEndian);
  if ((!littleEndian && order !== 0x4d4d) || (version !== 42 && version !== 43)) return undefined;
  const isBig = version === 43;
  const [size, countSize, offsetAt] = isBig ? [BIG_ENTRY, 8, 8] : [12, 4, 4];
  const start = readOffset(view, offsetAt, countSize, littleEndian);
  const head = isBig ? 8 : 2;
  if (start + head > bytes.length) return undefined;
  const count = isBig ? readOffset(view, start, 8, littleEndian) : view.getUint16(start, littleEndian);
  if (start + head + count * size > bytes.length) return undefined;
  const entries = Array.from({ length: count }, (_, index) => {
    const at = start + head + index * size;
    return { tag: view.getUint16(at, littleEndian), at };
  });
  return { view, littleEndian, entries, size, countSize, offsetAt };
}

function readOffset(view: DataView, at: number, width: number, littleEndian: boolean): number {
  return width === 8 ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian);
}

/** The numbers of a tag, of which 64 tell enough; empty where it is absent or lies beyond the file. */
function valuesOf({ view, littleEndian, entries, countSize }: Directory, tag: number): number[] {
  const entry = entries.find((other) => other.tag === tag);
  if (!entry) return [];
  const isShort = view.getUint16(entry.at + 2, littleEndian) === SHORT;
  const width = isShort ? 2 : 4;
  const count = readOffset(view, entry.at + 4, countSize, littleEndian);
  const field = entry.at + 4 + countSize;
  const start = count * width <= countSize ? field : readOffset(view, field, countSize, littleEndian);
  const read = Math.min(count, 64);
  if (start + read * width > view.byteLength) return [];
  return Array.from({ length: read }, (_, index) =>
    isShort
      ? view.getUint16(start + 2 * index, littleEndian)
      : view.getUint32(start + 4 * index, littleEndian),
  );
}
