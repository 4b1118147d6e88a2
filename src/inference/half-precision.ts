import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  type GraphProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  TensorProto_DataType,
  type ValueInfoProto,
} from "../graph/onnx/onnx_pb.ts";
import { encodeTensor } from "../weights/encode-tensor.ts";

const { FLOAT, FLOAT16 } = TensorProto_DataType;

/**
 * Converts a float32 ONNX model to float16 storage and computation. Inputs and outputs stay float32: a Cast
 * follows each float input and precedes each float output.
 *
 * @throws LightsegError INVALID_WEIGHTS naming a weight that is beyond the range of float16
 */
export function toHalfPrecision(bytes: Uint8Array): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes);
  const { graph } = model;
  if (!graph) throw new TypeError("the model has no graph");
  for (const tensor of graph.initializer) {
    if (tensor.dataType !== FLOAT) continue;
    // Copied, since floats must start at a multiple of 4 bytes.
    const data = new Float32Array(new Uint8Array(tensor.rawData).buffer);
    tensor.rawData = encodeTensor(tensor.name, { shape: [data.length], data }, "F16", "toHalfPrecision");
    tensor.dataType = FLOAT16;
  }
  for (const { opType, attribute } of graph.node) {
    const to = opType === "Cast" ? attribute.find(({ name }) => name === "to") : undefined;
    if (to?.i === BigInt(FLOAT)) to.i = BigInt(FLOAT16);
  }
  castEdges(graph);
  return toBinary(ModelProtoSchema, model);
}

function castEdges(graph: GraphProto): void {
  const inputs = graph.input.filter(isFloat).map(({ name }) => name);
  const outputs = graph.output.filter(isFloat).map(({ name }) => name);
  const edges = new Set([...inputs, ...outputs]);
  const half = (name: string) => (edges.has(name) ? `${name}:half` : name);
  for (const node of graph.node) {
    node.input = node.input.map(half);
    node.output = node.output.map(half);
  }
  graph.node = [
    ...inputs.map((name) => castNode(name, half(name), FLOAT16)),
    ...graph.node,
    ...outputs.map((name) => castNode(half(name), name, FLOAT)),
  ];
}

function isFloat({ type }: ValueInfoProto): boolean {
  return type?.value.case === "tensorType" && type.value.value.elemType === FLOAT;
}

function castNode(from: string, to: string, type: TensorProto_DataType): NodeProto {
  return create(NodeProtoSchema, {
    opType: "Cast",
    input: [from],
    output: [to],
    attribute: [{ name: "to", type: AttributeProto_AttributeType.INT, i: BigInt(type) }],
  });
}
