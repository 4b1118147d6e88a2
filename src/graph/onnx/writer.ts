import type { ElementType, Shape } from "../shape.ts";

/** A tensor of the graph, as far as the writer looks at it. */
export interface OnnxValue {
  readonly id: number;
  readonly op: string;
}

/** What a node reads: a tensor that was lowered before, or a value by its name. */
export type OnnxInput = OnnxValue | string;

/** Value of a node attribute: an integer, a list of them, a float (marked, since 1 is both) or text. */
export type AttributeValue = number | readonly number[] | { readonly float: number } | string;

export type OnnxAttributes = Readonly<Record<string, AttributeValue>>;

/** One sequence that a Scan walks along its first axis. */
export interface ScanInput {
  readonly name: string;
  readonly sequence: OnnxInput;
  /** Shape of one element. */
  readonly shape: Shape;
}

/**
 * The part of ONNX Runtime that a graph is written for. Each has kernels that are slow or missing, so an op
 * may have a form for each. WebAssembly has the kernels of the CPU.
 */
export type Provider = "cpu" | "webgpu";

/** What an op writes its ONNX form to. Every method that adds a value returns its name. */
export interface OnnxWriter {
  readonly provider: Provider;
  /** Adds a node with one output. */
  node(type: string, inputs: readonly OnnxInput[], attributes?: OnnxAttributes): string;
  /** Adds a node with two outputs. */
  nodeWithTwoOutputs(
    type: string,
    inputs: readonly OnnxInput[],
    attributes?: OnnxAttributes,
  ): readonly [first: string, second: string];
  /** Adds a Scan: `body` computes an element of the result, of `shape`, from one element of each sequence. */
  scan(
    inputs: readonly ScanInput[],
    body: (onnx: OnnxWriter, elements: readonly string[]) => string,
    shape: Shape,
  ): string;
  /** A float32 constant; shape `[values.length]` unless given. */
  floats(values: ArrayLike<number>, shape?: readonly number[]): string;
  /** A float32 number. */
  float(value: number): string;
  /** An int64 vector, as ONNX wants for shapes, axes and slices. */
  ints(values: readonly number[]): string;
  /** An int32 constant. */
  int32s(values: ArrayLike<number>, shape: readonly number[]): string;
  /** A constant with a name of its own; a second one of that name is taken to be the first. */
  stored(name: string, values: Uint8Array | Int8Array | Int32Array, shape: readonly number[]): string;
  /** The sum over axes. */
  sum(value: OnnxInput, options: SumOptions): string;
  cast(value: OnnxInput, to: ElementType | "int64"): string;
  reshape(value: OnnxInput, shape: readonly number[]): string;
  transpose(value: OnnxInput, permutation: readonly number[]): string;
  /** `value[starts:ends:steps]` along the given axes. */
  slice(value: OnnxInput, range: SliceRange): string;
}

export interface SumOptions {
  readonly axes: readonly number[];
  /** Of the value. */
  readonly shape: Shape;
  /** Axes are dropped unless they are kept, with extent 1. */
  readonly keepDims?: boolean;
}

export interface SliceRange {
  readonly axes: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Defaults to 1 each. */
  readonly steps?: readonly number[];
}
