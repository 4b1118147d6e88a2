import type { ByteReader } from "./byte-reader.ts";
import { type ElementType, MAX_DIMENSIONS } from "./elements.ts";
import { quote } from "./invalid.ts";
import { Importable, isTuple, type PickleNames } from "./unpickle.ts";

/** Elements of one type in the file, outside the pickle, under `key`. */
export interface StorageBlock {
  readonly key: string;
  readonly type: ElementType;
  /** How many elements it holds. */
  readonly length: number;
}

/** What tensors view: a storage, or in old checkpoints `length` elements of one from `start` on. */
export class TorchStorage {
  readonly block: StorageBlock;
  readonly start: number;
  readonly length: number;

  constructor(block: StorageBlock, start: number, length: number) {
    this.block = block;
    this.start = start;
    this.length = length;
  }
}

/** A tensor as pickled: a strided view of a storage, in elements; not yet checked to fit. */
export class TorchTensor {
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: TorchStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
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

/** NumPy scalars, e.g. a best score beside the weights. They are no weights, so each is read as null. */
const NUMPY_SCALARS = [
  "numpy.core.multiarray.scalar",
  "numpy._core.multiarray.scalar",
  "numpy.dtype",
  "_codecs.encode",
];

/**
 * What training scripts keep beside the weights, such as arguments, paths and schedules. They hold no
 * weights, so each is read as an empty dict.
 */
const INERT_CLASSES = [
  "argparse.Namespace",
  "collections.Counter",
  "collections.defaultdict",
  "pathlib.PosixPath",
  "pathlib.PurePosixPath",
  "pathlib.WindowsPath",
  "torch.device",
  "pytorch_lightning.utilities.parsing.AttributeDict",
  "lightning.fabric.utilities.data.AttributeDict",
  "lightning_fabric.utilities.data.AttributeDict",
];
/** Types that those are made with, and that a precision is named by. */
const INERT_NAMES = [
  "builtins.dict",
  "builtins.list",
  "builtins.int",
  "builtins.float",
  "__builtin__.dict",
  "__builtin__.list",
  "__builtin__.int",
  "__builtin__.float",
  "torch.float32",
  "torch.float16",
  "torch.bfloat16",
  "torch.float64",
];

/** More than any checkpoint has; a forged one may name the same list of pairs again and again. */
const MAX_PAIRS = 100_000;

/**
 * The names in a pickle by `torch.save`: tensors, parameters, ordered dicts, and no other function or class.
 *
 * Both methods throw what `reader.fail` throws.
 */
export class TorchNames implements PickleNames {
  /** The blocks that the pickle has referred to, by key. */
  readonly blocks = new Map<string, StorageBlock>();
  readonly #importables = new Map<string, Importable>();
  #pairCount = 0;
  readonly #reader: ByteReader;

  constructor(reader: ByteReader) {
    this.#reader = reader;
    const allow = (name: string, call?: Importable["call"]) =>
      this.#importables.set(name, new Importable(name, call));
    for (const name of STORAGE_TYPES.keys()) allow(name);
    for (const name of NUMPY_SCALARS) allow(name, () => null);
    for (const name of INERT_CLASSES) allow(name, () => new Map());
    for (const name of INERT_NAMES) allow(name);
    allow("collections.OrderedDict", ([items = []]) => this.#makeDict(items));
    allow("torch.Size", ([sizes = []]) => sizes);
    allow("torch._utils._rebuild_parameter", ([tensor]) => tensor);
    allow("torch._utils._rebuild_tensor", (args) => this.#makeTensor(args));
    allow("torch._utils._rebuild_tensor_v2", (args) => this.#makeTensor(args));
  }

  resolve(module: string, name: string): Importable {
    const importable = this.#importables.get(`${module}.${name}`);
    if (importable === undefined) {
      this.#reader.fail(
        `imports ${printable(`${module}.${name}`)}, which a checkpoint of weights has no reason to`,
        "only tensors in plain dictionaries are read: save the state_dict alone",
      );
    }
    return importable;
  }

  /** The id: ("storage", type, key, device, number of elements), in old checkpoints with a view. */
  persistentLoad(id: unknown): TorchStorage {
    const [kind, storageType, key, , length, view = null] = isTuple(id) ? id : [];
    const type = storageType instanceof Importable ? STORAGE_TYPES.get(storageType.name) : undefined;
    if (kind !== "storage" || type === undefined || typeof key !== "string" || !isSize(length)) {
      this.#reader.fail("is damaged: a storage is not named by type, key and size");
    }
    const block = this.blocks.get(key) ?? { key, type, length };
    if (block.type !== type || block.length !== length) {
      this.#reader.fail(`is damaged: storage ${quote(key)} has two types or sizes`);
    }
    this.blocks.set(key, block);
    if (view === null) return new TorchStorage(block, 0, length);

    // A view is (its own key, its first element, its number of elements).
    const [, start, viewLength] = isTuple(view) ? view : [];
    if (!isSize(start) || !isSize(viewLength) || start + viewLength > length) {
      this.#reader.fail(`is damaged: a view does not lie in its storage ${quote(key)}`);
    }
    return new TorchStorage(block, start, viewLength);
  }

  /** The arguments begin with storage, offset, shape and strides. The rest does not matter here. */
  #makeTensor([storage, offset, shape, strides]: readonly unknown[]): TorchTensor {
    if (
      !(storage instanceof TorchStorage) ||
      !isSize(offset) ||
      !isSizes(shape) ||
      !isSizes(strides) ||
      shape.length !== strides.length
    ) {
      this.#reader.fail("is damaged: a tensor is not made of storage, offset, shape and strides");
    }
    return new TorchTensor(storage, offset, shape, strides);
  }

  /** Python 2 makes an OrderedDict of a list of pairs, Python 3 an empty one whose items follow. */
  #makeDict(pairs: unknown): Map<unknown, unknown> {
    if (!Array.isArray(pairs)) this.#reader.fail("is damaged: an OrderedDict is not made of a list");
    this.#pairCount += pairs.length;
    if (this.#pairCount > MAX_PAIRS) this.#reader.fail(`makes dicts of more than ${MAX_PAIRS} pairs`);
    const dict = new Map<unknown, unknown>();
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2) {
        this.#reader.fail("is damaged: an OrderedDict is not made of pairs");
      }
      dict.set(pair[0], pair[1]);
    }
    return dict;
  }
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Only a tuple will do: a list could still be changed. */
function isSizes(value: unknown): value is readonly number[] {
  return isTuple(value) && value.length <= MAX_DIMENSIONS && value.every(isSize);
}

/** Text from the file for an error message: short and on one line. */
function printable(text: string): string {
  return JSON.stringify(text.slice(0, 100)).slice(1, -1);
}
