/**
 * Symbolic tensors: the one description of a network.
 *
 * A tensor is the result of an op applied to other tensors, or a leaf (input, parameter, constant). Nothing is
 * computed here. A graph is whatever can be reached from its outputs, and since a tensor can only be made from
 * tensors that exist already, the order of their ids is an order in which they can be computed.
 */
import { LightsegError } from "../errors.ts";
import type { OnnxBuilder } from "./onnx/builder.ts";
import { type Shape, sameShape } from "./shape.ts";

export type DType = "float32" | "int32" | "uint8" | "bool";

export type Leaf =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "parameter"; readonly name: string; readonly parameter: ParameterOptions }
  | { readonly kind: "constant"; readonly data: Float32Array | Int32Array };

/** How a parameter begins when no weights are given for it. */
export type Initialization =
  /** PyTorch's default for convolutions: uniform in ±1/sqrt(fan in). */
  | { readonly kind: "uniform"; readonly fanIn: number }
  | { readonly kind: "constant"; readonly value: number };

export interface ParameterOptions {
  readonly initialization: Initialization;
  /** False for stored statistics, which no optimiser touches. Defaults to true. */
  readonly trainable?: boolean;
}

export interface Tensor<A = unknown> {
  readonly id: number;
  /** Name of the op, or of the leaf kind. */
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly attributes: A;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly leaf?: Leaf;
  /** Derivatives of a scalar with respect to each input, given its derivative `dy` with respect to this tensor. */
  gradient(dy: Tensor): readonly (Tensor | undefined)[];
  /** Multiply-accumulates to compute this tensor once its inputs are there. Needs fixed shapes. */
  macs(): number;
  /** Adds this tensor to an ONNX graph that holds its inputs already; returns the name of the value. */
  lower(onnx: OnnxBuilder): string;
  /** The same op on other inputs. */
  withInputs(inputs: readonly Tensor[]): Tensor;
}

/** One application of an op. */
export interface Call<I extends readonly Tensor[], A> {
  readonly inputs: I;
  readonly attributes: A;
  readonly output: Tensor;
}

/** Everything that lightseg knows about an op; each op's file holds one of these. */
export interface OpDefinition<I extends readonly Tensor[], A> {
  readonly name: string;
  /** Shape rule (and element type, float32 unless stated). Throws INVALID_GRAPH where inputs do not fit. */
  infer(inputs: I, attributes: A): { shape: Shape; dtype?: DType };
  /** The chain rule; undefined for an input that has no derivative. Left out for ops that no loss passes through. */
  gradient?(call: Call<I, A>, dy: Tensor): readonly (Tensor | undefined)[];
  /** Multiply-accumulates; left out where the field counts none (activations, pooling, sums). */
  macs?(call: Call<I, A>): number;
  /** ONNX form: adds nodes, returns the name of the result. */
  onnx(call: Call<I, A>, onnx: OnnxBuilder): string;
}

export interface Op<I extends readonly Tensor[], A> {
  (inputs: I, attributes: A): Tensor<A>;
  /** Was this tensor made by this op? */
  made(tensor: Tensor): tensor is Tensor<A>;
}

let nextId = 0;

/** Makes the function that applies an op. */
export function defineOp<I extends readonly Tensor[], A>(definition: OpDefinition<I, A>): Op<I, A> {
  const made = new WeakSet<Tensor>();
  function apply(inputs: I, attributes: A): Tensor<A> {
    const { shape, dtype = "float32" } = definition.infer(inputs, attributes);
    const output: Tensor<A> = {
      id: nextId++,
      op: definition.name,
      inputs,
      attributes,
      shape,
      dtype,
      gradient(dy) {
        if (!definition.gradient) throw noGradient(definition.name);
        if (!sameShape(dy.shape, shape)) throw badUpstream(definition.name, dy, output);
        return definition.gradient({ inputs, attributes, output }, dy);
      },
      macs: () => definition.macs?.({ inputs, attributes, output }) ?? 0,
      lower: (onnx) => definition.onnx({ inputs, attributes, output }, onnx),
      withInputs: (others) => apply(sameLength(inputs, others), attributes),
    };
    made.add(output);
    return output;
  }
  return Object.assign(apply, { made: (tensor: Tensor): tensor is Tensor<A> => made.has(tensor) });
}

function sameLength<I extends readonly Tensor[]>(inputs: I, others: readonly Tensor[]): I {
  if (others.length !== inputs.length)
    throw new RangeError(`expected ${inputs.length} inputs, got ${others.length}`);
  // A tuple of tensors is told apart by its length alone, which has just been checked.
  return others as unknown as I;
}

function noGradient(name: string): LightsegError {
  return new LightsegError({
    code: "INVALID_GRAPH",
    where: "gradient",
    argument: name,
    rule: "has no derivative",
  });
}

function badUpstream(name: string, dy: Tensor, output: Tensor): Error {
  return new Error(
    `gradient of ${name}: dy has shape ${JSON.stringify(dy.shape)}, its value ${JSON.stringify(output.shape)}`,
  );
}

function makeLeaf(leaf: Leaf, shape: Shape, dtype: DType): Tensor {
  const output: Tensor = {
    id: nextId++,
    op: leaf.kind,
    inputs: [],
    attributes: undefined,
    shape,
    dtype,
    leaf,
    gradient: () => [],
    macs: () => 0,
    lower: (onnx) => onnx.leaf(output, leaf),
    withInputs: () => output,
  };
  return output;
}

/** A value that is fed to every run. */
export function input(name: string, shape: Shape, dtype: DType = "float32"): Tensor {
  return makeLeaf({ kind: "input", name }, shape, dtype);
}

/** A named weight or stored statistic. */
export function parameter(name: string, shape: readonly number[], options: ParameterOptions): Tensor {
  return makeLeaf({ kind: "parameter", name, parameter: options }, shape, "float32");
}

/** A value known now. `data` holds the product of `shape` values, row-major. */
export function constant(data: Float32Array | Int32Array, shape: readonly number[]): Tensor {
  return makeLeaf({ kind: "constant", data }, shape, data instanceof Int32Array ? "int32" : "float32");
}

/** A float32 number of shape `[]`. */
export function scalar(value: number): Tensor {
  return constant(Float32Array.of(value), []);
}

/** Is this a parameter that an optimiser may change? Stored statistics are none. */
export function isTrainable({ leaf }: Tensor): boolean {
  return leaf?.kind === "parameter" && leaf.parameter.trainable !== false;
}

/** Everything that the outputs need, each after its inputs. */
export function collect(outputs: Iterable<Tensor>): Tensor[] {
  const seen = new Set<Tensor>();
  const pending = [...outputs];
  for (let tensor = pending.pop(); tensor; tensor = pending.pop()) {
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    pending.push(...tensor.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
