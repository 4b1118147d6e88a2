import type { ByteReader } from "./byte-reader.ts";
import type { ElementType } from "./elements.ts";
import { Importable, type PickleNames } from "./unpickle.ts";

/** A block of elements that tensors view; its bytes lie outside the pickle, under `key`. */
export class TorchStorage {
  constructor(
    readonly key: string,
    readonly type: ElementType,
    /** How many elements it holds. */
    readonly length: number,
  ) {}
}

/** A tensor as pickled: a strided view of a storage, with offset and strides in elements; not yet checked to fit. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

const STORAGE_TYPES = new Map<string, ElementType>([
  ["torch.DoubleStorage", "F64"],
  ["torch.FloatStorage", "F32"],
  ["torch.HalfStorage", "F16"],
  ["torch.BFloat16Storage", "BF16"],
  ["torch.LongStorage", "I64"],
  ["torch.IntStorage", "I32"],
  ["torch.ShortStorage", "I16"],
  ["torch.CharStorage", "I8"],
  ["torch.ByteStorage", "U8"],
  ["torch.BoolStorage", "BOOL"],
]);

/** NumPy scalars, e.g. a best score kept next to the weights: they are no weights, so each is read as null. */
const NUMPY_SCALARS = [
  "numpy.core.multiarray.scalar",
  "numpy._core.multiarray.scalar",
  "numpy.dtype",
  "_codecs.encode",
];

/** PyTorch's own limit on the dimensions of a tensor. */
const MAX_DIMENSIONS = 64;

/**
 * What the names in a pickle by `torch.save` mean: tensors, parameters, ordered dicts, and no other function or class.
 *
 * Both methods throw what `reader.fail` throws.
 */
export function torchNames(reader: ByteReader): PickleNames {
  const importables = new Map<string, Importable>();
  const allow = (name: string, call?: Importable["call"]) =>
    importables.set(name, new Importable(name, call));
  for (const name of STORAGE_TYPES.keys()) allow(name);
  for (const name of NUMPY_SCALARS) allow(name, () => null);
  allow("collections.OrderedDict", (args) => {
    // Python makes it empty and adds items later. Copying items here would let a short pickle fill the memory.
    if (args.length > 0) reader.fail("is damaged: an OrderedDict is made with arguments");
    return new Map();
  });
  allow("torch._utils._rebuild_parameter", ([tensor]) => tensor);
  allow("torch._utils._rebuild_tensor_v2", ([storage, offset, shape, strides]) => {
    if (
      !(storage instanceof TorchStorage) ||
      !isSize(offset) ||
      !isSizes(shape) ||
      !isSizes(strides) ||
      shape.length !== strides.length
    ) {
      reader.fail("is damaged: a tensor is not made of storage, offset, shape and strides");
    }
    return new TorchTensor(storage, offset, [...shape], [...strides]);
  });

  return {
    resolve(module, name) {
      const importable = importables.get(`${module}.${name}`);
      if (importable === undefined) {
        reader.fail(
          `imports ${printable(`${module}.${name}`)}, which a checkpoint of weights has no reason to`,
          "only tensors in plain dictionaries are read: save the state_dict alone",
        );
      }
      return importable;
    },

    persistentLoad(id) {
      // ("storage", type, key, device, number of elements)
      const fields: readonly unknown[] = Array.isArray(id) ? id : [];
      const [kind, storageType, key, , length] = fields;
      const type = storageType instanceof Importable ? STORAGE_TYPES.get(storageType.name) : undefined;
      if (kind !== "storage" || type === undefined || typeof key !== "string" || !isSize(length)) {
        reader.fail("is damaged: a storage is not named by type, key and size");
      }
      return new TorchStorage(key, type, length);
    },
  };
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_DIMENSIONS && value.every(isSize);
}

/** Text from the file for an error message: short and on one line. */
function printable(text: string): string {
  return JSON.stringify(text.slice(0, 100)).slice(1, -1);
}
