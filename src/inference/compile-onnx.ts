import { lowerToOnnx } from "../graph/onnx/lower.ts";
import type { Dtype } from "../model-files/dtype.ts";
import type { Model } from "../model-files/model.ts";
import { type CompileOptions, compileForInference } from "./compile.ts";
import { toHalfPrecision } from "./half-precision.ts";

/** A model as the engine runs it, with one output: `scores`. @param options `dtype` defaults to fp32; the rest as in `compileForInference` */
export function compileOnnx(
  model: Model,
  { dtype, ...options }: CompileOptions & { dtype?: Dtype | undefined } = {},
): Uint8Array {
  const { scores, weights } = compileForInference(model, options);
  const onnx = lowerToOnnx({ scores }, { parameters: (name) => weights.get(name) ?? "input" });
  return dtype === "fp16" ? toHalfPrecision(onnx) : onnx;
}
