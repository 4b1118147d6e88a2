import { create } from "@bufbuild/protobuf";
import { type Dim, type ElementType, fixedShape, formatDim, type Shape } from "../shape.ts";
import type { Leaf, Tensor } from "../tensor.ts";
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
import { writeSum } from "./sum.ts";
import type {
  AttributeValue,
  OnnxAttributes,
  OnnxInput,
  OnnxValue,
  OnnxWriter,
  Provider,
  ScanInput,
  SliceRange,
  SumOptions,
} from "./writer.ts";

type StoredType = ElementType | "int8" | "int64";

const storedTypes: Record<StoredType, TensorProto_DataType> = {
  float32: TensorProto_DataType.FLOAT,
  int32: TensorProto_DataType.INT32,
  uint8: TensorProto_DataType.UINT8,
  int8: TensorProto_DataType.INT8,
  int64: TensorProto_DataType.INT64,
};

/** Where parameters come from: constants of the model, or inputs fed to each run. */
export type ParameterSource = (name: string) => Float32Array | "input";

/** Collects the nodes of one ONNX graph. Ops add themselves to it. */
export class OnnxBuilder implements OnnxWriter {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers = new Map<string, TensorProto>();
  readonly #inputs: ValueInfoProto[] = [];
  /** Names of lowered tensors by their ids. */
  readonly #names = new Map<number, string>();
  readonly #constants = new Map<string, string>();
  /** How many nodes read each weight. */
  readonly #readers = new Map<string, number>();
  readonly #parameters: ParameterSource;
  readonly #prefix: string;
  #count = 0;

  readonly provider: Provider;

  /** @param prefix begins the names of intermediate values, and no name of an input, parameter or output */
  constructor(
    parameters: ParameterSource,
    { provider, prefix = "%" }: { provider: Provider; prefix?: string },
  ) {
    this.#parameters = parameters;
    this.provider = provider;
    this.#prefix = prefix;
  }

  name({ id, op }: OnnxValue): string {
    const name = this.#names.get(id);
    if (name === undefined) throw new Error(`${op} is used before it is lowered`);
    return name;
  }

  /** Adds a tensor whose inputs were added before; an output of the model gets the name that it has there. */
  add(tensor: Tensor, outputName?: string): void {
    const name = tensor.leaf ? this.#addLeaf(tensor, tensor.leaf) : tensor.lower(this);
    this.#names.set(tensor.id, outputName === undefined ? name : this.#rename(name, outputName));
  }

  node(type: string, inputs: readonly OnnxInput[], attributes?: OnnxAttributes): string {
    const output = this.#fresh();
    this.#addNode(type, inputs, [output], encodeAttributes(attributes));
    return output;
  }

  nodeWithTwoOutputs(
    type: string,
    inputs: readonly OnnxInput[],
    attributes?: OnnxAttributes,
  ): readonly [first: string, second: string] {
    const outputs = [this.#fresh(), this.#fresh()] as const;
    this.#addNode(type, inputs, outputs, encodeAttributes(attributes));
    return outputs;
  }

  scan(
    inputs: readonly ScanInput[],
    write: (onnx: OnnxWriter, elements: readonly string[]) => string,
    shape: Shape,
  ): string {
    const prefix = `${this.#fresh()}_`;
    const body = new OnnxBuilder(this.#parameters, { provider: this.provider, prefix });
    const elements = inputs.map(({ name, shape }) => body.#addInput(`${prefix}${name}`, shape, "float32"));
    const result = write(body, elements);
    const graph = body.finish("body", [describeValue(result, shape, "float32")]);
    const output = this.#fresh();
    const sequences = inputs.map(({ sequence }) => sequence);
    this.#addNode(
      "Scan",
      sequences,
      [output],
      [
        create(AttributeProtoSchema, { name: "body", type: AttributeProto_AttributeType.GRAPH, g: graph }),
        ...encodeAttributes({ num_scan_inputs: inputs.length }),
      ],
    );
    return output;
  }

  /** A second name for a value. */
  copy(name: string, copy: string): void {
    this.#addNode("Identity", [name], [copy], []);
  }

  #addNode(
    type: string,
    inputs: readonly OnnxInput[],
    output: readonly string[],
    attribute: AttributeProto[],
  ): void {
    const input = inputs.map((value) => this.#nameOf(value));
    const name = this.#nameNode(type, input);
    this.#nodes.push(create(NodeProtoSchema, { name, opType: type, input, output: [...output], attribute }));
  }

  /** Names a node after its weight, as `layer1.0.weight/Conv`. ONNX Runtime refuses equal names. */
  #nameNode(type: string, inputs: readonly string[]): string {
    const weight = inputs.find((input) => this.#readers.has(input));
    if (weight === undefined) return "";
    const count = (this.#readers.get(weight) ?? 0) + 1;
    this.#readers.set(weight, count);
    return count === 1 ? `${weight}/${type}` : `${weight}/${type}_${count}`;
  }

  #addLeaf({ shape, dtype }: Tensor, leaf: Leaf): string {
    if (leaf.kind === "constant")
      return this.#constant(leaf.data instanceof Int32Array ? "int32" : "float32", leaf.data, fixed(shape));
    const data = leaf.kind === "parameter" ? this.#parameters(leaf.name) : "input";
    if (data === "input") return this.#addInput(leaf.name, shape, dtype);
    this.#readers.set(leaf.name, 0);
    this.#initialize(leaf.name, "float32", data, fixed(shape));
    return leaf.name;
  }

  #addInput(name: string, shape: Shape, dtype: ElementType): string {
    this.#inputs.push(describeValue(name, shape, dtype));
    return name;
  }

  floats(values: ArrayLike<number>, shape: readonly number[] = [values.length]): string {
    return this.#constant("float32", Float32Array.from(values), shape);
  }

  float(value: number): string {
    return this.floats([value], []);
  }

  ints(values: readonly number[]): string {
    return this.#constant("int64", BigInt64Array.from(values, BigInt), [values.length]);
  }

  int32s(values: ArrayLike<number>, shape: readonly number[]): string {
    return this.#constant("int32", Int32Array.from(values), shape);
  }

  stored(name: string, values: Uint8Array | Int8Array | Int32Array, shape: readonly number[]): string {
    const type = values instanceof Uint8Array ? "uint8" : values instanceof Int8Array ? "int8" : "int32";
    if (!this.#initializers.has(name)) this.#initialize(name, type, values, shape);
    return name;
  }

  sum(value: OnnxInput, options: SumOptions): string {
    return writeSum(this, value, options);
  }

  #nameOf(value: OnnxInput): string {
    return typeof value === "string" ? value : this.name(value);
  }

  cast(value: OnnxInput, to: ElementType | "int64"): string {
    return this.node("Cast", [value], { to: storedTypes[to] });
  }

  reshape(value: OnnxInput, shape: readonly number[]): string {
    return this.node("Reshape", [value, this.ints(shape)]);
  }

  transpose(value: OnnxInput, permutation: readonly number[]): string {
    return this.node("Transpose", [value], { perm: permutation });
  }

  slice(value: OnnxInput, { axes, starts, ends, steps }: SliceRange): string {
    const inputs = [value, this.ints(starts), this.ints(ends), this.ints(axes)];
    return this.node("Slice", steps ? [...inputs, this.ints(steps)] : inputs);
  }

  /** The finished graph. */
  finish(name: string, outputs: readonly ValueInfoProto[]): GraphProto {
    return create(GraphProtoSchema, {
      name,
      node: this.#nodes,
      initializer: [...this.#initializers.values()],
      input: this.#inputs,
      output: [...outputs],
    });
  }

  /** Renames a value in the node that has just made it; an older one gets a copy. */
  #rename(name: string, outputName: string): string {
    const last = this.#nodes.at(-1);
    if (last?.output.length === 1 && last.output[0] === name) last.output[0] = outputName;
    else this.copy(name, outputName);
    return outputName;
  }

  #fresh(): string {
    return `${this.#prefix}${this.#count++}`;
  }

  /** Equal constants are stored once. */
  #constant(type: StoredType, values: ArrayBufferView, shape: readonly number[]): string {
    const key = values.byteLength <= 256 ? `${type} ${shape} ${bytesOf(values)}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = `${this.#prefix}c${this.#initializers.size}`;
    this.#initialize(name, type, values, shape);
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }

  #initialize(name: string, type: StoredType, values: ArrayBufferView, shape: readonly number[]): void {
    this.#initializers.set(
      name,
      create(TensorProtoSchema, {
        name,
        dataType: storedTypes[type],
        rawData: bytesOf(values),
        dims: shape.map(BigInt),
      }),
    );
  }
}

function fixed(shape: Shape): number[] {
  return fixedShape("lowerToOnnx", shape);
}

/** Name, type and shape of a graph's input or output. */
export function describeValue(name: string, shape: Shape, dtype: ElementType): ValueInfoProto {
  const dim = shape.map((extent: Dim) => ({
    value:
      typeof extent === "number"
        ? { case: "dimValue" as const, value: BigInt(extent) }
        : { case: "dimParam" as const, value: formatDim(extent) },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType: storedTypes[dtype], shape: { dim } } } },
  });
}

function encodeAttributes(attributes: OnnxAttributes = {}): AttributeProto[] {
  return Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value));
}

function encodeAttribute(name: string, value: AttributeValue): AttributeProto {
  const make = (fields: Omit<Partial<AttributeProto>, "$typeName" | "$unknown">) =>
    create(AttributeProtoSchema, { name, ...fields });
  if (typeof value === "number") return make({ type: AttributeProto_AttributeType.INT, i: BigInt(value) });
  if (typeof value === "string")
    return make({ type: AttributeProto_AttributeType.STRING, s: new TextEncoder().encode(value) });
  if ("float" in value) return make({ type: AttributeProto_AttributeType.FLOAT, f: value.float });
  return make({ type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) });
}

// ONNX stores raw values little-endian, as every platform that Node and browsers run on does.
function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
