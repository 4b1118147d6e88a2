import { fromBinary } from "@bufbuild/protobuf";
import { LightsegError, messageOf } from "../errors.ts";
import {
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProto_DataType,
} from "../graph/onnx/onnx_pb.ts";
import { decodeElements, ELEMENT_SIZES, elementCount } from "./elements.ts";
import type { Weights } from "./types.ts";

const elementTypes = new Map([
  [TensorProto_DataType.FLOAT, "F32"],
  [TensorProto_DataType.FLOAT16, "F16"],
  [TensorProto_DataType.BFLOAT16, "BF16"],
  [TensorProto_DataType.DOUBLE, "F64"],
] as const);

/** Names of values that lightseg's exporter makes up begin with this; they are no weights. */
const MADE_UP = "%";
/** The first field, the format's version, and the fields that may follow it. */
const VERSION_FIELD = 0x08;
const NEXT_FIELDS = new Set([0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42]);
const LATEST_VERSION = 50;

/** Whether the bytes look like an ONNX model, which has no magic number: its version, and a field that may come next. */
export function isOnnx(bytes: Uint8Array): boolean {
  const [field, version = 0, next = 0] = bytes;
  return field === VERSION_FIELD && version >= 1 && version <= LATEST_VERSION && NEXT_FIELDS.has(next);
}

/**
 * Reads the weights of an ONNX model: its floating-point initializers by name, as float32.
 *
 * `where` starts the message of every error, e.g. the file's name.
 *
 * @throws {LightsegError} INVALID_WEIGHTS for a damaged model, or weights that lie outside the file
 */
export function decodeOnnxWeights(
  bytes: Uint8Array,
  where: string,
): { weights: Weights; metadata: Record<string, string> } {
  const model = parse(bytes, where);
  const weights: Weights = new Map();
  let total = 0;
  for (const tensor of model.graph?.initializer ?? []) {
    if (tensor.name.startsWith(MADE_UP) || !elementTypes.has(tensor.dataType)) continue;
    const argument = `tensor ${JSON.stringify(tensor.name)}`;
    if (weights.has(tensor.name)) fail(where, argument, "must be there once");
    const shape = tensor.dims.map(Number);
    const data = valuesOf(tensor, shape, where);
    total += data.length;
    // Half-precision values take twice their bytes as float32; nothing takes more.
    if (4 * total > 2 * bytes.length)
      fail(where, argument, "makes the weights larger than the file can hold");
    weights.set(tensor.name, { shape, data });
  }
  const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
  return { weights, metadata };
}

function parse(bytes: Uint8Array, where: string): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    return fail(where, "the file", `is not an ONNX model: ${messageOf(cause)}`);
  }
}

function valuesOf(tensor: TensorProto, shape: readonly number[], where: string): Float32Array {
  const argument = `tensor ${JSON.stringify(tensor.name)}`;
  const type = elementTypes.get(tensor.dataType);
  if (type === undefined) fail(where, argument, "must hold floating-point numbers");
  if (tensor.dataLocation === TensorProto_DataLocation.EXTERNAL)
    fail(where, argument, "must lie in the file, not beside it", "save the model without external data");
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0))
    fail(where, argument, "must have a shape of non-negative integers");
  const count = elementCount(shape);
  const size = count * ELEMENT_SIZES[type];
  const { rawData, floatData, doubleData, int32Data } = tensor;
  if (rawData.length > 0 || count === 0) {
    if (rawData.length !== size)
      fail(where, argument, `of shape [${shape.join(", ")}] must take ${size} bytes, got ${rawData.length}`);
    return decodeElements(rawData, type);
  }
  const listed = { F32: floatData, F64: doubleData, F16: int32Data, BF16: int32Data }[type];
  if (listed.length !== count)
    fail(where, argument, `of shape [${shape.join(", ")}] must hold ${count} values, got ${listed.length}`);
  if (type === "F32" || type === "F64") return Float32Array.from(listed);
  // Half-precision values are listed as their bits.
  return decodeElements(new Uint8Array(Uint16Array.from(listed).buffer), type);
}

function fail(where: string, argument: string, rule: string, hint?: string): never {
  throw new LightsegError({ code: "INVALID_WEIGHTS", where, argument, rule, ...(hint && { hint }) });
}
