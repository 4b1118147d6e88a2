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
  /** Whether the last one is tagged as transparency; one that is not tagged is something else, such as near infrared. */
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
  const tags = readTags(bytes);
  if (!tags) return undefined;
  const [photometric = 1] = tags.get(PHOTOMETRIC) ?? [];
  const [samples = 1] = tags.get(SAMPLES_PER_PIXEL) ?? [];
  const formats = tags.get(SAMPLE_FORMAT) ?? [];
  const bits = tags.get(BITS_PER_SAMPLE) ?? [];
  const extra = tags.get(EXTRA_SAMPLES) ?? [];
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

/** The values of the tags above, in the first directory. */
function readTags(bytes: Uint8Array): ReadonlyMap<number, number[]> | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    const little = view.getUint16(0) === 0x4949;
    const isBig = view.getUint16(2, little) === 43;
    const offset = (at: number) =>
      isBig ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little);
    const directory = offset(isBig ? 8 : 4);
    const count = isBig ? offset(directory) : view.getUint16(directory, little);
    const [first, size, field] = isBig ? [directory + 8, 20, 8] : [directory + 2, 12, 4];
    const tags = new Map<number, number[]>();
    for (let entry = first; entry < first + count * size && entry + size <= bytes.length; entry += size) {
      const tag = view.getUint16(entry, little);
      const isShort = view.getUint16(entry + 2, little) === 3;
      if (![BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLES_PER_PIXEL, EXTRA_SAMPLES, SAMPLE_FORMAT].includes(tag))
        continue;
      const values = offset(entry + 4);
      const width = isShort ? 2 : 4;
      const inline = entry + 4 + field;
      const start = values * width <= field ? inline : offset(inline);
      // No photo has more bands than that; the first ones tell enough.
      const read = (index: number) =>
        isShort ? view.getUint16(start + 2 * index, little) : view.getUint32(start + 4 * index, little);
      tags.set(
        tag,
        Array.from({ length: Math.min(values, 64) }, (_, index) => read(index)),
      );
    }
    return tags;
  } catch {
    return undefined;
  }
}
