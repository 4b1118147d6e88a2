import { countValues } from "../graph/shape.ts";
import type { Weights } from "../models/weights.ts";
import { type ByteSource, bytesSource } from "./byte-source.ts";
import { markInteger, readElements } from "./elements.ts";
import { encodeTensor, type FloatType } from "./encode-tensor.ts";
import { refuseToEncode, refuseWeights, tensorNamed } from "./invalid.ts";
import { MemoryLimit } from "./memory-limit.ts";
import { HEADER_START, METADATA_KEY, readSafetensorsHeader, type TensorEntry } from "./safetensors-header.ts";
import { type ChooseNames, type ChosenNames, flatNames, keepNames } from "./stored-names.ts";

/** Options of `writeSafetensors` and `writeWeights`. */
export interface SafetensorsOptions {
  /** Free text by key, e.g. the network's name and pre-processing. */
  metadata?: Record<string, string>;
  /** Storage type. F16 and BF16 halve the file and round to 11 and 8 significant bits. Default F32. */
  dtype?: FloatType;
}

/**
 * Reads a safetensors file into float32 tensors, in the order of their data: those that `choose` names. Of
 * the others nothing is read.
 *
 * Takes element types F64, F32, F16, BF16, I64, I32, I16, I8, U8 and BOOL.
 * `file` names it in errors.
 *
 * @throws LightsegError INVALID_WEIGHTS if any byte is not as
 *   https://github.com/huggingface/safetensors#format says.
 */
export function readSafetensors(
  source: ByteSource,
  file: string,
  choose: ChooseNames = keepNames,
): { weights: Weights; metadata: Record<string, string>; chosen: ChosenNames } {
  const { entries, dataStart, metadata } = readSafetensorsHeader(source, file);
  const chosen = choose(flatNames(entries.map(({ name }) => name)));
  return { weights: readEntries(entries, chosen, { dataStart, source, file }), metadata, chosen };
}

/** `readSafetensors` for a file in memory. */
export function decodeSafetensors(
  bytes: Uint8Array,
  file: string,
): { weights: Weights; metadata: Record<string, string> } {
  const { weights, metadata } = readSafetensors(bytesSource(bytes), file);
  return { weights, metadata };
}

/**
 * Reads the values of tensors that the header lists and `chosen` names.
 *
 * @throws LightsegError INVALID_WEIGHTS if they take more memory than `MemoryLimit` allows.
 */
export function readEntries(
  entries: readonly TensorEntry[],
  chosen: ChosenNames,
  { dataStart, source, file }: { dataStart: number; source: ByteSource; file: string },
): Weights {
  const weights: Weights = new Map();
  const limit = new MemoryLimit(source.size);
  for (const { name, type, shape, begin } of entries) {
    const given = chosen.get(name);
    if (given === undefined) continue;
    const count = countValues(shape);
    if (!limit.take(4 * count)) {
      const rule = `makes the tensors take more than ${limit.total} bytes together, twice the file`;
      refuseWeights(file, tensorNamed(name), rule, { hint: "integers of one byte become float32" });
    }
    const data = readElements(source, dataStart + begin, count, type);
    weights.set(given, { shape, data, ...markInteger(type) });
  }
  return weights;
}

/**
 * Writes tensors as a safetensors file: the same tensors give the same bytes, in the order of the map.
 *
 * @throws LightsegError INVALID_WEIGHTS naming the tensor whose data does not fill its shape, or whose values
 *   are too large for `dtype`.
 */
export function encodeSafetensors(
  weights: Weights,
  options: SafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const { metadata = {}, dtype = "F32" } = options;
  const fields: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA_KEY, metadata]] : [];
  const chunks: Uint8Array[] = [];
  let position = 0;
  for (const [name, weight] of weights) {
    if (name === METADATA_KEY) {
      refuseToEncode("encodeSafetensors", name, "must have another name");
    }
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
