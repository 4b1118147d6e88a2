import { LightsegError } from "../errors.ts";
import { decodeElements, ELEMENT_SIZES, elementCount } from "./elements.ts";
import { type TorchStorage, TorchTensor } from "./torch-objects.ts";
import type { Weights } from "./types.ts";

/** Where training scripts put the state dict in a checkpoint that holds more: optimizer, epoch, scores. */
const STATE_DICT_KEYS = ["state_dict", "model", "segmenter"];
/** What `torch.nn.DataParallel` puts before every name. */
const PARALLEL_PREFIX = "module.";

/**
 * Finds the tensors by name in what a checkpoint holds: a dict of tensors, or one under a usual key of the top dict.
 *
 * Entries that are no tensors are left out, and so is a prefix `module.` that all names have.
 *
 * @throws {LightsegError} INVALID_WEIGHTS if there are none.
 */
export function findStateDict(checkpoint: unknown, where: string): Map<string, TorchTensor> {
  const top = checkpoint instanceof Map ? checkpoint : new Map<unknown, unknown>();
  const nested = STATE_DICT_KEYS.map((key) => tensorsOf(top.get(key)));
  const tensors = [...nested, tensorsOf(top)].find((found) => found.size > 0);
  if (tensors === undefined) {
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where,
      argument: "the checkpoint",
      rule: `must be a dict of tensors, or hold one as ${STATE_DICT_KEYS.join(", ")}`,
      value: [...top.keys()].filter((key) => typeof key === "string"),
    });
  }
  const parallel = [...tensors.keys()].every((name) => name.startsWith(PARALLEL_PREFIX));
  if (!parallel) return tensors;
  return new Map([...tensors].map(([name, tensor]) => [name.slice(PARALLEL_PREFIX.length), tensor]));
}

function tensorsOf(dict: unknown): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>();
  if (!(dict instanceof Map)) return tensors;
  for (const [name, value] of dict) {
    if (typeof name === "string" && value instanceof TorchTensor) tensors.set(name, value);
  }
  return tensors;
}

/**
 * Reads the values of tensors in row-major order from the bytes of their storages.
 *
 * @param maxElements limit on the elements of all tensors together: tensors may share a storage, and a few bytes of a
 *   forged pickle could otherwise ask for any amount of memory
 * @throws {LightsegError} INVALID_WEIGHTS naming the tensor that does not lie in its storage.
 */
export function readTensors(
  tensors: ReadonlyMap<string, TorchTensor>,
  storageBytes: (storage: TorchStorage) => Uint8Array,
  maxElements: number,
  where: string,
): Weights {
  const weights: Weights = new Map();
  let total = 0;
  for (const [name, tensor] of tensors) {
    const fail = (rule: string): never => {
      const argument = `tensor ${JSON.stringify(name)}`;
      throw new LightsegError({ code: "INVALID_WEIGHTS", where, argument, rule });
    };
    const { storage, shape } = tensor;
    const bytes = storageBytes(storage);
    const storageSize = storage.length * ELEMENT_SIZES[storage.type];
    if (bytes.length !== storageSize) {
      fail(`must have a storage of ${storage.length} ${storage.type}, got ${bytes.length} bytes`);
    }
    const count = elementCount(shape);
    if (count > 0 && lastElement(tensor) >= storage.length) {
      fail(`of shape [${shape.join(", ")}] must lie in its storage of ${storage.length} elements`);
    }
    total += count;
    if (total > maxElements) fail(`makes the tensors take more than ${maxElements} elements together`);
    weights.set(name, { shape, data: decodeElements(rowMajorBytes(tensor, bytes, count), storage.type) });
  }
  return weights;
}

/** The place in the storage of the last element of a tensor that has any. */
function lastElement({ offset, shape, strides }: TorchTensor): number {
  return shape.reduce((last, extent, axis) => last + (extent - 1) * (strides[axis] ?? 0), offset);
}

/** The bytes of a tensor's elements in row-major order: a view where they lie so in the storage, else a copy. */
function rowMajorBytes(tensor: TorchTensor, bytes: Uint8Array, count: number): Uint8Array {
  const { storage, offset, shape, strides } = tensor;
  const size = ELEMENT_SIZES[storage.type];
  if (isRowMajor(tensor)) return bytes.subarray(offset * size, (offset + count) * size);

  const packed = new Uint8Array(count * size);
  const index = shape.map(() => 0);
  let element = offset;
  for (let i = 0; i < count; i++) {
    for (let byte = 0; byte < size; byte++) packed[i * size + byte] = bytes[element * size + byte] ?? 0;
    // Counts the index up like an odometer, the last axis first.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] ?? 0;
      const next = (index[axis] ?? 0) + 1;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        element += stride;
        break;
      }
      index[axis] = 0;
      element -= (next - 1) * stride;
    }
  }
  return packed;
}

function isRowMajor({ shape, strides }: TorchTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] ?? 0;
    // The stride of a single row is never used, and PyTorch leaves anything there.
    if (extent !== 1 && strides[axis] !== expected) return false;
    expected *= extent;
  }
  return true;
}
