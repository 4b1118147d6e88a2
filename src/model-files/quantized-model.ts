import type { Model, ModelDescription } from "./description.ts";

/** The key of an ONNX model's metadata that says that it is quantised, and how. */
export const QUANTIZATION_KEY = "lightseg:quantization";

/** A network with whole numbers for weights and feature maps: it can be run, and nothing else. */
export interface QuantizedModel extends ModelDescription {
  /** An ONNX model from `pixels`, uint8 `[N, H, W, 3]`, to `scores`, float32 `[N, classes, h, w]`. */
  readonly onnx: Uint8Array;
}

/** What photos can be segmented with. */
export type RunnableModel = Model | QuantizedModel;

export function isQuantized(model: RunnableModel): model is QuantizedModel {
  return "onnx" in model;
}
