import { lowerToOnnx } from "../graph/onnx/lower.ts";
import type { Provider } from "../graph/onnx/writer.ts";
import type { Dtype } from "../model-files/dtype.ts";
import type { Model } from "../model-files/model.ts";
import { type CompileOptions, compileForInference } from "./compile.ts";
import { toHalfPrecision } from "./half-precision.ts";

export interface CompileOnnxOptions extends CompileOptions {
  /** Defaults to fp32. */
  dtype?: Dtype | undefined;
  /** The provider that will run the model. Defaults to the CPU's. */
  provider?: Provider | undefined;
}

/** A model as the engine runs it, with one output: `scores`. */
export function compileOnnx(
  model: Model,
  { dtype, provider, ...options }: CompileOnnxOptions = {},
): Uint8Array {
  const { scores, weights } = compileForInference(model, options);
  const onnx = lowerToOnnx({ scores }, { parameters: (name) => weights.get(name) ?? "input", provider });
  return dtype === "fp16" ? toHalfPrecision(onnx) : onnx;
}
