import { type Zippable, zipSync } from "fflate";
import { LightsegError } from "../errors.ts";
import type { Weights, WeightTensor } from "../models/weights.ts";
import { encodeTensor, type FloatType } from "./encode-tensor.ts";
import { tensorNamed } from "./invalid.ts";
import {
  pickle,
  pickleCall,
  pickledFalse,
  pickleGlobal,
  pickleInt,
  pickleItems,
  pickleReference,
  pickleText,
  pickleTuple,
} from "./pickle.ts";

/** The folder in the archive that holds all files; PyTorch takes any name. */
const FOLDER = "archive";
/** PyTorch starts each file at a multiple of this, so that a checkpoint can be mapped into memory. */
const ALIGNMENT = 64;
/** The extra field that PyTorch fills up to get there: "FB". */
const PADDING_FIELD = 0x4246;
/** Bytes before a file in the archive, beside name and padding: its header and the extra field's. */
const HEADER_SIZE = 30 + 4;
/** Below what a zip archive without 64-bit extensions can hold: 65534 files and 4 GiB. */
const MAX_TENSORS = 65_000;
const MAX_BYTES = 0xffff_0000;

/** The largest int that `pickleInt` holds. */
const MAX_INT = 0x7fffffff;
const STORAGE_TYPES = { F32: "FloatStorage", F16: "HalfStorage", BF16: "BFloat16Storage" } as const;

export interface PytorchOptions {
  /** Storage type. F16 and BF16 halve the file and round to 11 and 8 significant bits. Default F32. */
  dtype?: FloatType;
}

/**
 * Writes a checkpoint as PyTorch 1.6 or later does: `torch.load(path, weights_only=True)` gives an
 * OrderedDict of tensors by name. The same tensors give the same bytes, in the order of the map.
 *
 * Format: https://pytorch.org/docs/stable/notes/serialization.html
 *
 * @throws LightsegError INVALID_WEIGHTS naming the tensor whose data does not fill its shape, whose values
 *   are too large for `dtype`, or whose name or shape a pickle cannot hold; or for more than 65000 tensors or
 *   4 GiB.
 */
export function encodePytorch(weights: Weights, { dtype = "F32" }: PytorchOptions = {}): Uint8Array {
  if (weights.size > MAX_TENSORS) fail("weights", `must be at most ${MAX_TENSORS} tensors`, weights.size);
  const storages: [path: string, bytes: Uint8Array][] = [];
  const items: Uint8Array[] = [];
  for (const [name, tensor] of weights) {
    const key = String(storages.length);
    storages.push([`data/${key}`, encodeTensor(name, tensor, dtype, "encodePytorch")]);
    items.push(pickleName(name), pickleTensor(name, tensor, key, dtype));
  }
  const text = new TextEncoder();
  return zipAligned([
    ["data.pkl", pickle(pickleItems(emptyDict(), items))],
    ["byteorder", text.encode("little")],
    ...storages,
    ["version", text.encode("3\n")],
  ]);
}

function emptyDict(): Uint8Array {
  return pickleCall(pickleGlobal("collections", "OrderedDict"), []);
}

function pickleName(name: string): Uint8Array {
  if (/\p{Surrogate}/u.test(name)) fail(tensorNamed(name), "must have a name that is valid Unicode");
  return pickleText(name);
}

/** `torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, backward_hooks)` */
function pickleTensor(
  name: string,
  { shape, data }: WeightTensor,
  key: string,
  dtype: FloatType,
): Uint8Array {
  const strides = rowMajorStrides(shape);
  const large = [...shape, ...strides].find((size) => size > MAX_INT);
  if (large !== undefined)
    fail(tensorNamed(name), `must have extents and strides of at most ${MAX_INT}`, large);
  const type = pickleGlobal("torch", STORAGE_TYPES[dtype]);
  const id = [pickleText("storage"), type, pickleText(key), pickleText("cpu"), pickleInt(data.length)];
  return pickleCall(pickleGlobal("torch._utils", "_rebuild_tensor_v2"), [
    pickleReference(pickleTuple(id)),
    pickleInt(0),
    pickleTuple(shape.map(pickleInt)),
    pickleTuple(strides.map(pickleInt)),
    pickledFalse,
    emptyDict(),
  ]);
}

/** As PyTorch counts them: an axis without extent does not make the strides before it 0. */
function rowMajorStrides(shape: readonly number[]): number[] {
  return shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((stride, extent) => stride * Math.max(extent, 1), 1),
  );
}

/** Stores files in a zip archive, neither compressed nor dated, each aligned. */
function zipAligned(files: readonly [path: string, bytes: Uint8Array][]): Uint8Array {
  // The first day that the format knows.
  const mtime = new Date(1980, 0, 1);
  const entries: Zippable = {};
  let position = 0;
  for (const [path, bytes] of files) {
    const name = `${FOLDER}/${path}`;
    position += HEADER_SIZE + name.length;
    const padding = Math.ceil(position / ALIGNMENT) * ALIGNMENT - position;
    position += padding + bytes.length;
    entries[name] = [bytes, { level: 0, mtime, extra: { [PADDING_FIELD]: new Uint8Array(padding) } }];
  }
  if (position > MAX_BYTES) fail("weights", "must take less than 4 GiB", position);
  return zipSync(entries);
}

function fail(argument: string, rule: string, value?: unknown): never {
  throw new LightsegError({ code: "INVALID_WEIGHTS", where: "encodePytorch", argument, rule, value });
}
