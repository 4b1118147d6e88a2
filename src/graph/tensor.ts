/**
 * Symbolic tensors: the one description of a network.
 *
 * A tensor is the result of an op applied to other tensors, or a leaf (input, parameter, constant). Nothing
 * is computed here. A graph is whatever can be reached from its outputs. A tensor can only be made from
 * tensors that exist already, so ascending ids are an order of computation.
 */
import type { OnnxWriter } from "./onnx/writer.ts";
import type { Region } from "./region.ts";
import type { ElementType, Shape } from "./shape.ts";

/** A tensor that no op computes. */
export type Leaf =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "parameter"; readonly name: string; readonly parameter: ParameterOptions }
  | { readonly kind: "constant"; readonly data: Float32Array | Int32Array };

/** How a parameter begins when no weights are given for it. */
export type Initialization =
  /** PyTorch's default for convolutions: uniform in ±1/sqrt(fan in). */
  | { readonly kind: "uniform"; readonly fanIn: number }
  | { readonly kind: "constant"; readonly value: number };

/** What is said of a parameter when a network is built. */
export interface ParameterOptions {
  readonly initialization: Initialization;
  /** False for stored statistics, which no optimizer touches. Defaults to true. */
  readonly trainable?: boolean;
}

/** The result of an op, or a leaf, of a graph that is not computed yet. */
export interface Tensor<A = unknown> extends OpKnowledge {
  readonly id: number;
  /** Name of the op, or of the leaf kind. */
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly attributes: A;
  readonly shape: Shape;
  readonly dtype: ElementType;
  readonly leaf?: Leaf;
}

/** A value known before the network runs, row-major. */
export interface KnownValue {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/**
 * What quantization does with the result of an op:
 *
 * - `weighted`: an integer kernel with weights computes it, and its first input is quantized for that
 * - `computed`: an integer kernel computes it where all its inputs are quantized
 * - `inherited`: its values are those of its first input, or between them, so it keeps that quantization
 * - `absorbs`: it only clips the result of an integer kernel, and the clipping of uint8 stands for it
 * - `stored`: it is the value of stored integers
 */
export type QuantizedForm = "weighted" | "computed" | "inherited" | "absorbs" | "stored";

/**
 * What a tensor answers from its op's definition (`OpDefinition`). Leaves answer with the defaults.
 *
 * @internal
 */
export interface OpKnowledge {
  /** Derivatives of a scalar with respect to each input, given `dy`, that of this tensor. */
  gradient(dy: Tensor): readonly (Tensor | undefined)[];
  /** Multiply-accumulates to compute this tensor from its inputs. Needs fixed shapes. Default: 0. */
  macs(): number;
  /** Adds this tensor to an ONNX graph that holds its inputs already; returns the name of the value. */
  lower(onnx: OnnxWriter): string;
  /** The same op on other inputs. */
  withInputs(inputs: readonly Tensor[]): Tensor;
  /** The tensor's value from those of its inputs; undefined where its op is not folded. */
  evaluate(values: readonly KnownValue[]): Float32Array | undefined;
  /** The op's settings in a layer table; undefined for an op that is no layer by itself. */
  describe(): string | undefined;
  /** Values in the windows of a pooling. Default: 0. */
  pooledValues(): number;
  /** Operations beside multiply-accumulates, by the counter of NDNet's authors. Default: 0. */
  otherOperations(): number;
  /** What a region of the result is computed from, in each input. Default: see `readAlike`. */
  reads(region: Region): readonly (Region | undefined)[];
  /** Whether the result can take the place of the first input in memory. Default: false. */
  readonly inPlace: boolean;
  /** Undefined where the result stays float. */
  readonly quantized: QuantizedForm | undefined;
  /** The same value in the form for ONNX Runtime's blocked layout (NCHWc) on CPUs, where there is one. */
  blockedForm(): Tensor | undefined;
}

let nextId = 0;

/** The id of a tensor that is being made. */
export function nextTensorId(): number {
  return nextId++;
}

function makeLeaf(leaf: Leaf, shape: Shape, dtype: ElementType): Tensor {
  const output: Tensor = {
    id: nextTensorId(),
    op: leaf.kind,
    inputs: [],
    attributes: undefined,
    shape,
    dtype,
    leaf,
    gradient: () => [],
    macs: () => 0,
    lower() {
      throw new Error("a leaf is not computed");
    },
    withInputs: () => output,
    evaluate: () => undefined,
    describe: () => undefined,
    pooledValues: () => 0,
    otherOperations: () => 0,
    reads: () => [],
    inPlace: false,
    quantized: undefined,
    blockedForm: () => undefined,
  };
  return output;
}

/** A value that is fed to every run. */
export function input(name: string, shape: Shape, dtype: ElementType = "float32"): Tensor {
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

/** Whether this is a parameter that an optimizer may change; stored statistics are not. */
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
