import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { LightsegError, messageOf } from "../errors.ts";
import {
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
} from "../graph/onnx/onnx_pb.ts";
import { countValues } from "../graph/shape.ts";
import type { Weights } from "../models/weights.ts";
import { decodeElements, ELEMENT_SIZES, MAX_DIMENSIONS } from "./elements.ts";
import { refuseWeights, tensorNamed } from "./invalid.ts";
import { MemoryLimit } from "./memory-limit.ts";

const elementTypes = new Map([
  [TensorProto_DataType.FLOAT, "F32"],
  [TensorProto_DataType.FLOAT16, "F16"],
  [TensorProto_DataType.BFLOAT16, "BF16"],
  [TensorProto_DataType.DOUBLE, "F64"],
] as const);

/** Names of values that lightseg's exporter makes up begin with this; they are no weights. */
const MADE_UP = "%";
/** Prefix of the names of weights that the exporter has folded batch norm into. */
export const FOLDED = "%folded:";
/** The first field, the format's version, and the fields that may follow it. */
const VERSION_FIELD = 0x08;
const NEXT_FIELDS = new Set([0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42]);
const LATEST_VERSION = 50;

/** Whether the bytes look like ONNX, which has no magic number: a version, then a field that may follow. */
export function isOnnx(bytes: Uint8Array): boolean {
  const [field, version = 0, next = 0] = bytes;
  return field === VERSION_FIELD && version >= 1 && version <= LATEST_VERSION && NEXT_FIELDS.has(next);
}

/** Numbers that onnx.proto gives to the fields that hold weights, and to those on the way to them. */
const MODEL = { graph: 7, metadataProps: 14 };
const GRAPH = { initializer: 5 };
const TENSOR = {
  dims: 1,
  dataType: 2,
  floatData: 4,
  int32Data: 5,
  name: 8,
  rawData: 9,
  doubleData: 10,
  dataLocation: 14,
};

/**
 * Reads the weights of an ONNX model: its floating-point initializers by name, as float32.
 *
 * `file` names it in errors.
 *
 * @throws LightsegError INVALID_WEIGHTS for a damaged model, weights that lie outside the file, or an export
 *   in fp16, whose weights are not the network's any more
 */
export function decodeOnnxWeights(
  bytes: Uint8Array,
  file: string,
): { weights: Weights; metadata: Record<string, string> } {
  const weights: Weights = new Map();
  const limit = new MemoryLimit(bytes.length);
  const addWeight = (stored: StoredTensor) => {
    const { name, shape, dataType } = stored;
    if (name.startsWith(FOLDED))
      refuseWeights(
        file,
        tensorNamed(name),
        "has batch norm folded in, and cannot be told from it any more",
        {
          hint: "read the weights that it was exported from, or an export in fp32",
        },
      );
    if (name.startsWith(MADE_UP) || !elementTypes.has(dataType)) return;
    if (weights.has(name)) refuseWeights(file, tensorNamed(name), "must be there once");
    weights.set(name, { shape, data: valuesOf(stored, file, limit) });
  };
  const readGraph = (graph: Uint8Array) =>
    readFields(graph, { bytes: { [GRAPH.initializer]: (value) => addWeight(readTensor(value)) } });
  const metadata = readModel(bytes, file, readGraph);
  return { weights, metadata };
}

/**
 * The metadata of an ONNX model; nothing else of it is decoded.
 *
 * @throws LightsegError INVALID_WEIGHTS for a damaged model
 */
export function readOnnxMetadata(bytes: Uint8Array, file: string): Record<string, string> {
  return readModel(bytes, file, () => undefined);
}

/** Goes through a model and returns its metadata. */
function readModel(
  bytes: Uint8Array,
  file: string,
  readGraph: (graph: Uint8Array) => void,
): Record<string, string> {
  const metadata: [key: string, value: string][] = [];
  const readMetadata = (entry: Uint8Array) => {
    const { key, value } = fromBinary(StringStringEntryProtoSchema, entry);
    metadata.push([key, value]);
  };
  try {
    readFields(bytes, { bytes: { [MODEL.graph]: readGraph, [MODEL.metadataProps]: readMetadata } });
  } catch (cause) {
    if (cause instanceof LightsegError) throw cause;
    refuseWeights(file, "the file", `is not an ONNX model: ${messageOf(cause)}`);
  }
  return Object.fromEntries(metadata);
}

/** What to do with the fields of a message by their number and how they are stored. */
interface FieldReaders {
  bytes?: Readonly<Record<number, (value: Uint8Array) => void>>;
  numbers?: Readonly<Record<number, (value: number) => void>>;
}

/**
 * Goes through the fields of a message and skips fields without a reader.
 *
 * Not by `fromBinary`, whose objects for the nodes of a forged file take a hundred times its size in memory.
 */
function readFields(message: Uint8Array, { bytes = {}, numbers = {} }: FieldReaders): void {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const readBytes = type === WireType.LengthDelimited ? bytes[field] : undefined;
    const readNumber = type === WireType.Varint ? numbers[field] : undefined;
    if (readBytes) readBytes(reader.bytes());
    else if (readNumber) readNumber(Number(reader.int64()));
    else reader.skip(type, field);
  }
}

/** A TensorProto whose values still are bytes of the file. */
interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dataType: number;
  readonly isExternal: boolean;
  /** Packed little-endian elements. */
  readonly packed: Uint8Array;
  /** The bits of 16-bit elements, a varint each. */
  readonly halves: Uint8Array;
}

function readTensor(message: Uint8Array): StoredTensor {
  const none: Uint8Array = new Uint8Array(0);
  const shape: number[] = [];
  const tensor = { name: "", shape, dataType: 0, isExternal: false, packed: none, halves: none };
  const addExtent = (extent: number) => {
    if (shape.push(extent) > MAX_DIMENSIONS)
      throw new RangeError(`a tensor has more than ${MAX_DIMENSIONS} dimensions`);
  };
  // Lists of floats and doubles are stored as raw data are.
  const setPacked = (value: Uint8Array) => {
    if (value.length > 0) tensor.packed = value;
  };
  readFields(message, {
    bytes: {
      [TENSOR.name]: (value) => {
        tensor.name = new TextDecoder().decode(value);
      },
      [TENSOR.dims]: (value) => {
        for (const reader = new BinaryReader(value); reader.pos < reader.len; )
          addExtent(Number(reader.int64()));
      },
      [TENSOR.rawData]: setPacked,
      [TENSOR.floatData]: setPacked,
      [TENSOR.doubleData]: setPacked,
      [TENSOR.int32Data]: (value) => {
        tensor.halves = value;
      },
    },
    numbers: {
      [TENSOR.dims]: addExtent,
      [TENSOR.dataType]: (value) => {
        tensor.dataType = value;
      },
      [TENSOR.dataLocation]: (value) => {
        tensor.isExternal = value === TensorProto_DataLocation.EXTERNAL;
      },
    },
  });
  return tensor;
}

function valuesOf(tensor: StoredTensor, file: string, limit: MemoryLimit): Float32Array {
  const { shape, halves } = tensor;
  const fail = (rule: string, hint?: string) =>
    refuseWeights(file, tensorNamed(tensor.name), rule, { value: undefined, hint });
  const type = elementTypes.get(tensor.dataType);
  if (type === undefined) return fail("must hold floating-point numbers");
  if (tensor.isExternal) fail("must lie in the file, not beside it", "save the model without external data");
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0))
    fail("must have a shape of non-negative integers");
  const count = countValues(shape);
  if (!limit.take(4 * count)) fail("makes the weights larger than the file can hold");
  const isListed = (type === "F16" || type === "BF16") && tensor.packed.length === 0;
  const packed = isListed ? unpackHalves(halves) : tensor.packed;
  const size = count * ELEMENT_SIZES[type];
  if (packed.length !== size)
    fail(`of shape [${shape.join(", ")}] must take ${size} bytes, got ${packed.length}`);
  return decodeElements(packed, type);
}

function unpackHalves(halves: Uint8Array): Uint8Array {
  // Each takes a byte of the file at least.
  const bits = new Uint16Array(halves.length);
  let count = 0;
  for (const reader = new BinaryReader(halves); reader.pos < reader.len; ) bits[count++] = reader.int32();
  return new Uint8Array(bits.buffer, 0, 2 * count);
}
