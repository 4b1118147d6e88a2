import { invalidGraph } from "../invalid-graph.ts";
import type { OnnxWriter } from "../onnx/writer.ts";
import { defineOp } from "../op.ts";
import { countValues, formatShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** Affine quantization of real numbers x to integers q: `x = scale (q - zeroPoint)`. */
export interface Quantization {
  /** Distance between neighboring levels; greater than 0. */
  readonly scale: number;
  /** The level of 0, a whole number from 0 to 255. */
  readonly zeroPoint: number;
}

const quantizeOp = defineOp<[x: Tensor], Quantization>({
  name: "quantize",
  infer([x], quantization) {
    checkQuantization("quantize", quantization);
    return { shape: x.shape, dtype: "uint8" };
  },
  onnx({ inputs: [x], attributes }, onnx) {
    return onnx.node("QuantizeLinear", [x, ...quantizationInputs(onnx, attributes)]);
  },
});

export const dequantizeOp = defineOp<[q: Tensor], Quantization>({
  name: "dequantize",
  infer([q], quantization) {
    checkQuantization("dequantize", quantization);
    return { shape: q.shape };
  },
  onnx({ inputs: [q], attributes }, onnx) {
    return onnx.node("DequantizeLinear", [q, ...quantizationInputs(onnx, attributes)]);
  },
  quantized: "stored",
});

function checkQuantization(where: string, { scale, zeroPoint }: Quantization): void {
  if (!(scale > 0)) throw invalidGraph(where, "scale", "must be greater than 0", scale);
  if (!Number.isInteger(zeroPoint) || zeroPoint < 0 || zeroPoint > 255)
    throw invalidGraph(where, "zeroPoint", "must be a whole number from 0 to 255", zeroPoint);
}

function quantizationInputs(onnx: OnnxWriter, { scale, zeroPoint }: Quantization): string[] {
  return [onnx.float(scale), onnx.stored(`%zero point ${zeroPoint}`, Uint8Array.of(zeroPoint), [])];
}

/** A weight stored as integers, with one scale for each index of its first axis and zero point 0. */
export interface StoredWeight {
  /** Unique in the graph. */
  readonly name: string;
  /** Row-major. */
  readonly values: Int8Array | Int32Array;
  readonly shape: readonly number[];
  readonly scales: Float32Array;
}

const storedWeightOp = defineOp<[], StoredWeight>({
  name: "storedWeight",
  infer(_inputs, { name, values, shape, scales }) {
    if (values.length === countValues(shape) && scales.length === shape[0]) return { shape };
    const rule = `must have the values of ${formatShape(shape)} and a scale for each index of its first axis`;
    throw invalidGraph("storedWeight", name, rule, `${values.length} values, ${scales.length} scales`);
  },
  onnx({ attributes: { name, values, shape, scales } }, onnx) {
    const integers = onnx.stored(name, values, shape);
    return onnx.node("DequantizeLinear", [integers, onnx.floats(scales)], { axis: 0 });
  },
});

/** `clamp(round(x / scale) + zeroPoint, 0, 255)` with ties to even, uint8 of the shape of x. */
export function quantize(x: Tensor, quantization: Quantization): Tensor {
  return quantizeOp([x], quantization);
}

/** `scale (q - zeroPoint)`, float32: the way back from `quantize`. */
export function dequantize(q: Tensor, quantization: Quantization): Tensor {
  return dequantizeOp([q], quantization);
}

/** A weight stored as integers: float32 `scales[o] values[o, ...]`. */
export function storedWeight(weight: StoredWeight): Tensor {
  return storedWeightOp([], weight);
}
