import { create } from "@bufbuild/protobuf";
import { type Dim, formatDim, type Shape } from "../shape.ts";
import type { DType, Leaf, Tensor } from "../tensor.ts";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./onnx_pb.ts";

/** Value of a node attribute: a whole number, a list of them, a float (marked, since 1 is both), text or a graph. */
export type AttributeValue = number | readonly number[] | { float: number } | string | GraphProto;

const elementTypes: Record<DType, TensorProto_DataType> = {
  float32: TensorProto_DataType.FLOAT,
  int32: TensorProto_DataType.INT32,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
};

/** Where parameters come from: constants of the model, or inputs fed to each run. */
export type ParameterSource = (name: string) => Float32Array | "input";

/** Collects the nodes of one ONNX graph. Ops add themselves to it. */
export class OnnxBuilder {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly inputs: ValueInfoProto[] = [];
  readonly #names = new Map<Tensor, string>();
  readonly #constants = new Map<string, string>();
  /** How many nodes read each weight. */
  readonly #readers = new Map<string, number>();
  readonly #parameters: ParameterSource;
  readonly #prefix: string;
  #count = 0;

  /** @param prefix begins the names of values in between, and no name of an input, parameter or output */
  constructor(parameters: ParameterSource, prefix = "%") {
    this.#parameters = parameters;
    this.#prefix = prefix;
  }

  /** The name of a tensor that was added before. */
  name(tensor: Tensor): string {
    const name = this.#names.get(tensor);
    if (name === undefined) throw new Error(`${tensor.op} is used before it is lowered`);
    return name;
  }

  /** Adds a tensor whose inputs were added before; an output of the model gets the name that it has there. */
  add(tensor: Tensor, outputName?: string): void {
    const name = tensor.lower(this);
    this.#names.set(tensor, outputName === undefined ? name : this.#rename(name, outputName));
  }

  /** Adds a node with one output and returns the output's name. */
  node(type: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}): string {
    return this.nodeWithOutputs(type, inputs, [this.#fresh()], attributes)[0] ?? "";
  }

  /** Adds a node whose outputs have the given names. */
  nodeWithOutputs(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Record<string, AttributeValue> = {},
  ): readonly string[] {
    const attribute = Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value));
    this.nodes.push(
      create(NodeProtoSchema, {
        name: this.#nameNode(type, inputs),
        opType: type,
        input: [...inputs],
        output: [...outputs],
        attribute,
      }),
    );
    return outputs;
  }

  /** A node with a weight is named after it, as `layer1.0.weight/Conv`, others have no name. ONNX Runtime refuses two of one name. */
  #nameNode(type: string, inputs: readonly string[]): string {
    const weight = inputs.find((input) => this.#readers.has(input));
    if (weight === undefined) return "";
    const count = (this.#readers.get(weight) ?? 0) + 1;
    this.#readers.set(weight, count);
    return count === 1 ? `${weight}/${type}` : `${weight}/${type}_${count}`;
  }

  leaf(tensor: Tensor, leaf: Leaf): string {
    if (leaf.kind === "constant")
      return this.#constant(tensor.dtype, bytesOf(leaf.data), tensor.shape.map(Number));
    if (leaf.kind === "parameter") {
      const data = this.#parameters(leaf.name);
      if (data !== "input") {
        this.#readers.set(leaf.name, 0);
        this.initializers.push(
          encodeTensor(leaf.name, elementTypes.float32, bytesOf(data), tensor.shape.map(Number)),
        );
        return leaf.name;
      }
    }
    this.inputs.push(describeValue(leaf.name, tensor.shape, tensor.dtype));
    return leaf.name;
  }

  /** Declares an input of a graph written by hand, such as the body of a Scan. */
  input(name: string, shape: Shape): string {
    const unique = `${this.#prefix}${name}`;
    this.inputs.push(describeValue(unique, shape, "float32"));
    return unique;
  }

  /** A float32 constant; shape `[values.length]` unless given. */
  floats(values: ArrayLike<number>, dims: readonly number[] = [values.length]): string {
    return this.#constant("float32", bytesOf(Float32Array.from(values)), dims);
  }

  /** A float32 number. */
  float(value: number): string {
    return this.floats([value], []);
  }

  /** An int64 vector, as ONNX wants for shapes, axes and slices. */
  ints(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#constant("int64", bytesOf(data), [values.length]);
  }

  int32s(values: ArrayLike<number>, dims: readonly number[]): string {
    return this.#constant("int32", bytesOf(Int32Array.from(values)), dims);
  }

  reshape(value: string, dims: readonly number[]): string {
    return this.node("Reshape", [value, this.ints(dims)]);
  }

  transpose(value: string, permutation: readonly number[]): string {
    return this.node("Transpose", [value], { perm: permutation });
  }

  /** `value[starts:ends:steps]` along the given axes. */
  slice(
    value: string,
    {
      axes,
      starts,
      ends,
      steps,
    }: Record<"axes" | "starts" | "ends", readonly number[]> & { steps?: readonly number[] },
  ): string {
    const inputs = [value, this.ints(starts), this.ints(ends), this.ints(axes)];
    return this.node("Slice", steps ? [...inputs, this.ints(steps)] : inputs);
  }

  /** A builder for the body of a Scan; its names differ from all of this graph's. */
  body(): OnnxBuilder {
    return new OnnxBuilder(this.#parameters, `${this.#fresh()}_`);
  }

  /** The finished graph. */
  finish(name: string, outputs: readonly ValueInfoProto[]): GraphProto {
    return create(GraphProtoSchema, {
      name,
      node: this.nodes,
      initializer: this.initializers,
      input: this.inputs,
      output: [...outputs],
    });
  }

  /** Renames a value in the node that has just made it; one that is older gets a copy. */
  #rename(name: string, outputName: string): string {
    const last = this.nodes.at(-1);
    if (last?.output.length === 1 && last.output[0] === name) last.output[0] = outputName;
    else this.nodeWithOutputs("Identity", [name], [outputName]);
    return outputName;
  }

  #fresh(): string {
    return `${this.#prefix}${this.#count++}`;
  }

  /** Equal constants are stored once. */
  #constant(type: DType | "int64", data: Uint8Array, dims: readonly number[]): string {
    const key = data.length <= 256 ? `${type} ${dims} ${data}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = `${this.#prefix}c${this.initializers.length}`;
    const elementType = type === "int64" ? TensorProto_DataType.INT64 : elementTypes[type];
    this.initializers.push(encodeTensor(name, elementType, data, dims));
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }
}

/** Name, type and shape of a graph's input or output. */
export function describeValue(name: string, shape: Shape, dtype: DType): ValueInfoProto {
  const dim = shape.map((extent: Dim) => ({
    value:
      typeof extent === "number"
        ? { case: "dimValue" as const, value: BigInt(extent) }
        : { case: "dimParam" as const, value: formatDim(extent) },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType: elementTypes[dtype], shape: { dim } } } },
  });
}

function encodeTensor(
  name: string,
  dataType: TensorProto_DataType,
  rawData: Uint8Array,
  dims: readonly number[],
): TensorProto {
  return create(TensorProtoSchema, { name, dataType, rawData, dims: dims.map(BigInt) });
}

function encodeAttribute(name: string, value: AttributeValue): AttributeProto {
  const make = (fields: Omit<Partial<AttributeProto>, "$typeName" | "$unknown">) =>
    create(AttributeProtoSchema, { name, ...fields });
  if (typeof value === "number") return make({ type: AttributeProto_AttributeType.INT, i: BigInt(value) });
  if (typeof value === "string")
    return make({ type: AttributeProto_AttributeType.STRING, s: new TextEncoder().encode(value) });
  if (isIntegerList(value)) return make({ type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) });
  if ("float" in value) return make({ type: AttributeProto_AttributeType.FLOAT, f: value.float });
  return make({ type: AttributeProto_AttributeType.GRAPH, g: value });
}

function isIntegerList(value: AttributeValue): value is readonly number[] {
  return Array.isArray(value);
}

// ONNX stores raw values little-endian, as every platform that Node and browsers run on does.
function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
