import { countValues } from "../graph/shape.ts";
import type { Weights } from "../models/weights.ts";
import type { ByteRange, ByteSource } from "./byte-source.ts";
import { ELEMENT_SIZES, markInteger, readElements } from "./elements.ts";
import { refuseWeights, tensorNamed } from "./invalid.ts";
import { MemoryLimit } from "./memory-limit.ts";
import type { StorageBlock, TorchTensor } from "./torch-objects.ts";

/**
 * Reads the values of tensors in row-major order, and nothing else of the file.
 *
 * `locate` tells where a block of elements lies.
 *
 * @throws LightsegError INVALID_WEIGHTS naming the tensor that does not lie in its storage, or that makes
 *   them take more memory together than `MemoryLimit` allows.
 */
export function readTensors(
  tensors: ReadonlyMap<string, TorchTensor>,
  locate: (block: StorageBlock) => ByteRange,
  source: ByteSource,
  file: string,
): Weights {
  const weights: Weights = new Map();
  const limit = new MemoryLimit(source.size);
  for (const [name, tensor] of tensors) {
    const fail = (rule: string, hint?: string): never =>
      refuseWeights(file, tensorNamed(name), rule, { hint });
    const { storage, offset, shape } = tensor;
    const { type, length } = storage.block;
    const size = ELEMENT_SIZES[type];
    const { start, end } = locate(storage.block);
    if (end - start !== length * size) {
      fail(`must have a storage of ${length} ${type}, got ${end - start} bytes`);
    }
    const count = countValues(shape);
    const last = lastElement(tensor);
    if (count > 0 && last >= storage.length) {
      fail(`of shape [${shape.join(", ")}] must lie in its storage of ${storage.length} elements`);
    }
    // Gathering reads all that lies between the elements too.
    const isPacked = isRowMajor(tensor);
    const read = isPacked || count === 0 ? count : last + 1 - offset;
    if (!limit.take(4 * Math.max(count, read))) {
      fail(
        `makes the tensors take more than ${limit.total} bytes together, twice the file`,
        "are there tensors that share their values, or integers of one byte?",
      );
    }
    const values = readElements(source, start + (storage.start + offset) * size, read, type);
    const data = isPacked ? values : gather(values, tensor, count);
    weights.set(name, { shape, data, ...markInteger(type) });
  }
  return weights;
}

/** The place in the storage of the last element of a tensor that has any. */
function lastElement({ offset, shape, strides }: TorchTensor): number {
  return shape.reduce((last, extent, axis) => last + (extent - 1) * (strides[axis] ?? 0), offset);
}

/** The elements of a strided tensor in row-major order; `values` begin with its first. */
function gather(values: Float32Array, { shape, strides }: TorchTensor, count: number): Float32Array {
  const packed = new Float32Array(count);
  const index = shape.map(() => 0);
  let element = 0;
  for (let i = 0; i < count; i++) {
    packed[i] = values[element] ?? 0;
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
