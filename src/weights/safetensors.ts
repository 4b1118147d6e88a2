import { LightsegError } from "../errors.ts";
import { decodeElements, ELEMENT_SIZES, type ElementType, elementCount, isElementType } from "./elements.ts";
import { encodeTensor, type FloatType } from "./encode-tensor.ts";
import type { Weights } from "./types.ts";

/** The format's own limit on the length of its header, in bytes. */
const MAX_HEADER = 100_000_000;
/** The header starts after its length, a 64-bit integer. */
const HEADER_START = 8;
const METADATA_KEY = "__metadata__";

/** A tensor as the header lists it; `begin` and `end` are bytes from the start of the data. */
interface TensorEntry {
  name: string;
  type: ElementType;
  shape: number[];
  begin: number;
  end: number;
}

export interface SafetensorsOptions {
  /** Free text by key, e.g. the network's name and pre-processing. */
  metadata?: Record<string, string>;
  /** How values are stored: F16 and BF16 halve the file and round to 11 and 8 significant bits. Default F32. */
  dtype?: FloatType;
}

/**
 * Reads a safetensors file into float32 tensors, in the order of their data.
 *
 * Takes element types F64, F32, F16, BF16, I64, I32, I16, I8, U8 and BOOL.
 * `where` starts the message of every error, e.g. the file's name.
 *
 * @throws {LightsegError} INVALID_WEIGHTS if any byte is not as https://github.com/huggingface/safetensors#format says.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  where: string,
): { weights: Weights; metadata: Record<string, string> } {
  const { header, dataStart } = readHeader(bytes, where);
  const data = bytes.subarray(dataStart);
  let metadata: Record<string, string> = {};
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA_KEY) metadata = readMetadata(value, where);
    else entries.push(readEntry(name, value, where));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);

  const weights: Weights = new Map();
  let position = 0;
  for (const { name, type, shape, begin, end } of entries) {
    if (begin !== position) fail(where, tensor(name), `must start at byte ${position} of the data`, begin);
    if (end > data.length) fail(where, tensor(name), `must end within the ${data.length} bytes of data`, end);
    position = end;
    weights.set(name, { shape, data: decodeElements(data.subarray(begin, end), type) });
  }
  const surplus = data.length - position;
  if (surplus > 0) fail(where, "the file", `must end with its last tensor, but goes on for ${surplus} bytes`);
  return { weights, metadata };
}

function readHeader(bytes: Uint8Array, where: string): { header: object; dataStart: number } {
  if (bytes.length < HEADER_START)
    fail(where, "the file", "is too short to be a safetensors file", bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const dataStart = HEADER_START + length;
  if (length > MAX_HEADER || dataStart > bytes.length) {
    fail(where, "the file", `is cut off or not a safetensors file: its header would take ${length} bytes`);
  }
  const header = parseJson(bytes.subarray(HEADER_START, dataStart));
  if (!isRecord(header))
    fail(where, "the file", "is not a safetensors file: its header is not a JSON object");
  return { header, dataStart };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function readMetadata(value: unknown, where: string): Record<string, string> {
  const texts: [string, string][] = [];
  if (!isRecord(value)) fail(where, METADATA_KEY, "must be an object of strings");
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") fail(where, `${METADATA_KEY} ${JSON.stringify(key)}`, "must be a string");
    texts.push([key, text]);
  }
  return Object.fromEntries(texts);
}

function readEntry(name: string, entry: unknown, where: string): TensorEntry {
  if (!isRecord(entry)) fail(where, tensor(name), "must be described by an object");
  const { dtype: type, shape, data_offsets: offsets } = entry;
  if (!isElementType(type)) {
    fail(
      where,
      tensor(name),
      `must have a dtype of ${Object.keys(ELEMENT_SIZES).join(", ")}`,
      printable(type),
    );
  }
  if (!isSizes(shape))
    fail(where, tensor(name), "must have a shape of non-negative integers", printable(shape));
  if (!isSizes(offsets) || offsets.length !== 2) {
    fail(where, tensor(name), "must have data_offsets of two non-negative integers", printable(offsets));
  }
  const [begin = 0, end = 0] = offsets;
  const size = elementCount(shape) * ELEMENT_SIZES[type];
  if (end - begin !== size) {
    fail(
      where,
      tensor(name),
      `of shape [${shape.join(", ")}] must take ${size} bytes as ${type}`,
      end - begin,
    );
  }
  return { name, type, shape, begin, end };
}

/**
 * Writes tensors as a safetensors file: the same tensors give the same bytes, in the order of the map.
 *
 * @throws {LightsegError} INVALID_WEIGHTS naming the tensor whose data does not fill its shape, or whose values are
 *   too large for `dtype`.
 */
export function encodeSafetensors(weights: Weights, options: SafetensorsOptions = {}): Uint8Array {
  const { metadata = {}, dtype = "F32" } = options;
  const fields: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA_KEY, metadata]] : [];
  const chunks: Uint8Array[] = [];
  let position = 0;
  for (const [name, weight] of weights) {
    if (name === METADATA_KEY) fail("encodeSafetensors", tensor(name), "must have another name");
    const chunk = encodeTensor(name, weight, dtype, "encodeSafetensors");
    fields.push([name, { dtype, shape: weight.shape, data_offsets: [position, position + chunk.length] }]);
    chunks.push(chunk);
    position += chunk.length;
  }

  // Joined by hand, since an object would put names that look like integers first.
  const json = `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`;
  const header = new TextEncoder().encode(json);
  const headerLength = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(HEADER_START + headerLength + position);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, HEADER_START, HEADER_START + headerLength);
  bytes.set(header, HEADER_START);
  let start = HEADER_START + headerLength;
  for (const chunk of chunks) {
    bytes.set(chunk, start);
    start += chunk.length;
  }
  return bytes;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** A value from the header for an error message; lists and objects may be too deep to print. */
function printable(value: unknown): unknown {
  return typeof value === "object" ? undefined : value;
}

function tensor(name: string): string {
  return `tensor ${JSON.stringify(name)}`;
}

function fail(where: string, argument: string, rule: string, value?: unknown): never {
  throw new LightsegError({ code: "INVALID_WEIGHTS", where, argument, rule, value });
}
