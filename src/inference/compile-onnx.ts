import { lowerToOnnx } from "../graph/onnx/lower.ts";
import type { Provider } from "../graph/onnx/writer.ts";
import { bestClass } from "../graph/ops/labels.ts";
import { resize } from "../graph/ops/resize.ts";
import type { Dtype } from "../model-files/dtype.ts";
import type { Model } from "../model-files/model.ts";
import { type CompileOptions, compileForInference } from "./compile.ts";
import { toHalfPrecision } from "./half-precision.ts";

export interface CompileOnnxOptions extends CompileOptions {
  /** Defaults to fp32. */
  dtype?: Dtype | undefined;
  /** The provider that will run the model. Defaults to the CPU's. */
  provider?: Provider | undefined;
  /** Adds the output `labels` for photos of this size: uint8 `[1, H, W]`, the best class of each pixel. */
  labels?: readonly [height: number, width: number] | undefined;
}

/** A model as the engine runs it, with the output `scores`. */
export function compileOnnx(
  model: Model,
  { dtype, provider, labels: size, ...options }: CompileOnnxOptions = {},
): Uint8Array {
  const { scores, weights } = compileForInference(model, options);
  const { alignCorners } = model;
  const outputs = { scores, ...(size && { labels: bestClass(resize(scores, { size, alignCorners })) }) };
  const onnx = lowerToOnnx(outputs, { parameters: (name) => weights.get(name) ?? "input", provider });
  return dtype === "fp16" ? toHalfPrecision(onnx) : onnx;
}
