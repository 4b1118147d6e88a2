import { countValues } from "../graph/shape.ts";
import type { ByteSource } from "./byte-source.ts";
import { ELEMENT_SIZES, type ElementType, isElementType, MAX_DIMENSIONS } from "./elements.ts";
import { quote, refuseWeights, tensorNamed } from "./invalid.ts";
import { JsonReader } from "./json-reader.ts";

/** The format's own limit on the length of its header, in bytes. */
const MAX_HEADER = 100_000_000;
/** Bytes of the header that are looked at before the rest is read: a brace, and a name or the other brace. */
const LOOK = 256;
const START = /^\{[ \t\r\n]*["}]/;
/** The header starts after its length, a 64-bit integer. */
export const HEADER_START = 8;
export const METADATA_KEY = "__metadata__";

/** A tensor as the header lists it; `begin` and `end` are bytes from the start of the data. */
export interface TensorEntry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The header of a safetensors file. */
export interface SafetensorsHeader {
  /** In the order of their data, which they fill without gaps. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Record<string, string>;
  /** Where the data start in the file. */
  readonly dataStart: number;
}

/**
 * Reads the list of tensors of a safetensors file.
 *
 * @throws LightsegError INVALID_WEIGHTS if anything is not as https://github.com/huggingface/safetensors#format says.
 */
export function readSafetensorsHeader(source: ByteSource, file: string): SafetensorsHeader {
  const { text, dataStart } = readText(source, file);
  const json = new JsonReader(text, (rule) => refuseWeights(file, "the header", rule));
  let metadata: Record<string, string> = {};
  const entries: TensorEntry[] = [];
  json.object((name) => {
    if (name === METADATA_KEY) metadata = readMetadata(json, file);
    else entries.push(readEntry(name, json, file));
  });
  json.end();
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  requireFilled(entries, source.size - dataStart, file);
  return { entries, metadata, dataStart };
}

function readText(source: ByteSource, file: string): { text: string; dataStart: number } {
  if (source.size < HEADER_START) {
    refuseWeights(file, "the file", "is too short to be a safetensors file", { value: source.size });
  }
  const { buffer, byteOffset } = source.read(0, HEADER_START);
  const length = Number(new DataView(buffer, byteOffset).getBigUint64(0, true));
  const dataStart = HEADER_START + length;
  if (length > MAX_HEADER || dataStart > source.size) {
    const rule = `is cut off or not a safetensors file: its header would take ${length} bytes`;
    refuseWeights(file, "the file", rule);
  }
  // A file that was cut off or forged may have a header of 100 MB, which takes seconds to parse.
  const start = source.read(HEADER_START, Math.min(dataStart, HEADER_START + LOOK));
  if (!START.test(String.fromCharCode(...start)))
    refuseWeights(file, "the file", "is not a safetensors file: its header is not a JSON object");
  const bytes = source.read(HEADER_START, dataStart);
  if (bytes.includes(0)) {
    const hint = "a download or a copy was cut off";
    refuseWeights(file, "the header", "must be JSON, but holds zeros", { hint });
  }
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return { text: utf8.decode(bytes), dataStart };
  } catch {
    refuseWeights(file, "the header", "is not UTF-8");
  }
}

function readMetadata(json: JsonReader, file: string): Record<string, string> {
  if (json.next() !== "{") refuseWeights(file, METADATA_KEY, "must be an object of strings");
  const texts: [string, string][] = [];
  json.object((key) => {
    if (json.next() !== '"') refuseWeights(file, `${METADATA_KEY} ${quote(key)}`, "must be a string");
    texts.push([key, json.string()]);
  });
  return Object.fromEntries(texts);
}

function readEntry(name: string, json: JsonReader, file: string): TensorEntry {
  const fail = (rule: string, value?: unknown): never =>
    refuseWeights(file, tensorNamed(name), rule, { value });
  const failType = (value?: unknown) =>
    fail(`must have a dtype of ${Object.keys(ELEMENT_SIZES).join(", ")}`, value);
  const failShape = () => fail("must have a shape of non-negative integers");
  const failOffsets = () => fail("must have data_offsets of two non-negative integers");

  if (json.next() !== "{") fail("must be described by an object");
  const found: { type?: string; shape?: number[]; offsets?: number[] } = {};
  json.object((key) => {
    if (key === "dtype") found.type = json.next() === '"' ? json.string() : failType();
    else if (key === "shape") found.shape = readSizes(json, MAX_DIMENSIONS, failShape);
    else if (key === "data_offsets") found.offsets = readSizes(json, 2, failOffsets);
    else json.skip();
  });
  const {
    type = failType(),
    shape = failShape(),
    offsets: [begin = failOffsets(), end = failOffsets()] = [],
  } = found;
  if (!isElementType(type)) return failType(type);
  const size = countValues(shape) * ELEMENT_SIZES[type];
  if (end - begin !== size) {
    fail(`of shape [${shape.join(", ")}] must take ${size} bytes as ${type}`, end - begin);
  }
  return { name, type, shape, begin, end };
}

function readSizes(json: JsonReader, max: number, fail: () => never): number[] {
  if (json.next() !== "[") fail();
  const sizes: number[] = [];
  json.array(() => {
    const size = json.wholeNumber();
    if (size === undefined || sizes.length === max) fail();
    sizes.push(size);
  });
  return sizes;
}

/** Each tensor must start where the one before it ends, and the last one end with the file. */
function requireFilled(entries: readonly TensorEntry[], dataSize: number, file: string): void {
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== position) {
      refuseWeights(file, tensorNamed(name), `must start at byte ${position} of the data`, { value: begin });
    }
    if (end > dataSize) {
      const hint = "the file is cut off: copy or download it anew";
      const rule = `must end within the ${dataSize} bytes of data`;
      refuseWeights(file, tensorNamed(name), rule, { value: end, hint });
    }
    position = end;
  }
  const surplus = dataSize - position;
  if (surplus > 0) {
    refuseWeights(file, "the file", `must end with its last tensor, but goes on for ${surplus} bytes`);
  }
}
