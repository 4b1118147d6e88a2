import { invalidGraph } from "./invalid-graph.ts";
import type { OnnxWriter } from "./onnx/writer.ts";
import { type Region, readAlike } from "./region.ts";
import { formatShape, type Shape, sameShape, type TensorType } from "./shape.ts";
import { type KnownValue, nextTensorId, type QuantizedForm, type Tensor } from "./tensor.ts";

/** One application of an op. */
export interface Call<I extends readonly Tensor[], A> {
  readonly inputs: I;
  readonly attributes: A;
  readonly output: Tensor;
}

/**
 * Everything that lightseg knows about an op: its file holds one of these, and nothing else names the op.
 *
 * Only `name`, `infer` and `onnx` are needed; what is left out has the default of `OpKnowledge`.
 */
export interface OpDefinition<I extends readonly Tensor[], A> {
  readonly name: string;
  /** Shape and element type (default float32). @throws LightsegError INVALID_GRAPH if inputs do not fit */
  infer(inputs: I, attributes: A): { shape: Shape; dtype?: TensorType["dtype"] };
  /** The chain rule; undefined for an input without derivative. Left out for ops without gradient. */
  gradient?(call: Call<I, A>, dy: Tensor): readonly (Tensor | undefined)[];
  /** Multiply-accumulates; left out where the field counts none (activations, pooling, sums). */
  macs?(call: Call<I, A>): number;
  /** ONNX form: adds nodes, returns the name of the result. */
  onnx(call: Call<I, A>, onnx: OnnxWriter): string;
  /** The value for known inputs. Only ops that weights are computed with need it, for constant folding. */
  evaluate?(values: { readonly [K in keyof I]: KnownValue }, call: Call<I, A>): Float32Array;
  /** Settings for the layer table, e.g. `3x3, stride 2`. An op with settings is always a row of it. */
  describe?(call: Call<I, A>): string;
  /** Values in the windows of a pooling, which some papers count as operations. */
  pooledValues?(call: Call<I, A>): number;
  /** Operations that NDNet's authors count beside multiply-accumulates. */
  otherOperations?(call: Call<I, A>): number;
  /**
   * What each input is read of for a region of the result, by which receptive fields are counted; undefined
   * for an input of which no values are read. Left out for ops that read the pixel they compute, or all.
   */
  reads?(call: Call<I, A>, region: Region): readonly (Region | undefined)[];
  /** Whether the result can take the place of the first input in memory, as that of an activation. */
  readonly inPlace?: boolean;
  /** What quantization to int8 does with the result. */
  readonly quantized?: QuantizedForm;
  /** The form for ONNX Runtime's NCHWc layout on CPUs; undefined where `onnx` is best there too. */
  blockedForm?(call: Call<I, A>): Tensor | undefined;
}

export interface Op<I extends readonly Tensor[], A> {
  (inputs: I, attributes: A): Tensor<A>;
  /** Whether this op made the tensor. */
  made(tensor: Tensor): tensor is Tensor<A>;
}

/** Makes the function that applies an op. */
/* @__NO_SIDE_EFFECTS__ */
export function defineOp<I extends readonly Tensor[], A>(definition: OpDefinition<I, A>): Op<I, A> {
  const made = new WeakSet<Tensor>();
  function apply(inputs: I, attributes: A): Tensor<A> {
    const { shape, dtype = "float32" } = definition.infer(inputs, attributes);
    const output: Tensor<A> = {
      id: nextTensorId(),
      op: definition.name,
      inputs,
      attributes,
      shape,
      dtype,
      gradient(dy) {
        if (!definition.gradient) throw invalidGraph("gradient", definition.name, "has no derivative");
        if (!sameShape(dy.shape, shape)) throw badUpstream(definition.name, dy, output);
        return definition.gradient(call(), dy);
      },
      macs: () => definition.macs?.(call()) ?? 0,
      lower: (onnx) => definition.onnx(call(), onnx),
      withInputs: (others) => apply(tupleLike(inputs, others), attributes),
      evaluate: (values) => definition.evaluate?.(tupleLike(inputs, values), call()),
      describe: () => definition.describe?.(call()),
      pooledValues: () => definition.pooledValues?.(call()) ?? 0,
      otherOperations: () => definition.otherOperations?.(call()) ?? 0,
      reads: (region) =>
        definition.reads?.(call(), region) ?? inputs.map((input) => readAlike(input.shape, shape, region)),
      inPlace: definition.inPlace ?? false,
      quantized: definition.quantized,
      blockedForm: () => definition.blockedForm?.(call()),
    };
    const call = () => ({ inputs, attributes, output });
    made.add(output);
    return output;
  }
  return Object.assign(apply, { made: (tensor: Tensor): tensor is Tensor<A> => made.has(tensor) });
}

/** @param T a tuple as long as `inputs` */
function tupleLike<T>(inputs: readonly unknown[], values: readonly unknown[]): T {
  if (values.length !== inputs.length)
    throw new RangeError(`expected ${inputs.length} inputs, got ${values.length}`);
  // Tuples of one element type are told apart by their length alone, which has just been checked.
  return values as unknown as T;
}

function badUpstream(name: string, dy: Tensor, output: Tensor): Error {
  return new Error(
    `gradient of ${name}: dy has shape ${formatShape(dy.shape)}, its value ${formatShape(output.shape)}`,
  );
}
