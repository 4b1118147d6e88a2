import { create } from "@bufbuild/protobuf";
import { LightsegError } from "../../errors.ts";
import type { OnnxBuilder } from "../onnx/builder.ts";
import { TensorProto_DataType, TensorProtoSchema } from "../onnx/onnx_pb.ts";
import { countValues, formatShape } from "../shape.ts";
import { defineOp, type Tensor } from "../tensor.ts";

/** How real numbers x lie on whole ones q: `x = scale (q - zeroPoint)`. */
export interface Quantization {
  /** Distance between neighbours; greater than 0. */
  readonly scale: number;
  /** The whole number that stands for 0. */
  readonly zeroPoint: number;
}

const quantizeOp = defineOp<[x: Tensor], Quantization>({
  name: "quantize",
  infer: ([x]) => ({ shape: x.shape, dtype: "uint8" }),
  onnx({ inputs: [x], attributes }, onnx) {
    return onnx.node("QuantizeLinear", [onnx.name(x), ...quantizationInputs(onnx, attributes)]);
  },
});

export const dequantizeOp = defineOp<[q: Tensor], Quantization>({
  name: "dequantize",
  infer: ([q]) => ({ shape: q.shape }),
  onnx({ inputs: [q], attributes }, onnx) {
    return onnx.node("DequantizeLinear", [onnx.name(q), ...quantizationInputs(onnx, attributes)]);
  },
});

const bytePlanesOp = defineOp<[pixels: Tensor], undefined>({
  name: "bytePlanes",
  infer([{ shape }]) {
    const [n = 0, h = 0, w = 0, c = 0] = shape;
    return { shape: [n, c, h, w], dtype: "uint8" };
  },
  onnx: ({ inputs: [pixels] }, onnx) => onnx.transpose(onnx.name(pixels), [0, 3, 1, 2]),
});

function quantizationInputs(onnx: OnnxBuilder, { scale, zeroPoint }: Quantization): string[] {
  const name = `%zero point ${zeroPoint}`;
  const { UINT8 } = TensorProto_DataType;
  addInitializer(onnx, { name, dataType: UINT8, rawData: Uint8Array.of(zeroPoint), dims: [] });
  return [onnx.float(scale), name];
}

/** A weight stored as whole numbers, with one scale for each index of its first axis and zero point 0. */
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
    throw new LightsegError({
      code: "INVALID_GRAPH",
      where: "storedWeight",
      argument: name,
      rule: `must have the values of ${formatShape(shape)} and a scale for each index of its first axis`,
      value: `${values.length} values, ${scales.length} scales`,
    });
  },
  onnx({ attributes: { name, values, shape, scales } }, onnx) {
    const dataType = values instanceof Int8Array ? TensorProto_DataType.INT8 : TensorProto_DataType.INT32;
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    addInitializer(onnx, { name, dataType, rawData, dims: shape });
    return onnx.node("DequantizeLinear", [name, onnx.floats(scales)], { axis: 0 });
  },
});

/** Adds a constant of an element type that no tensor of the graph has; one of the same name is the same. */
function addInitializer(
  onnx: OnnxBuilder,
  constant: { name: string; dataType: TensorProto_DataType; rawData: Uint8Array; dims: readonly number[] },
): void {
  if (onnx.initializers.some(({ name }) => name === constant.name)) return;
  onnx.initializers.push(create(TensorProtoSchema, { ...constant, dims: constant.dims.map(BigInt) }));
}

/** `clamp(round(x / scale) + zeroPoint, 0, 255)` with halves to the even neighbour, uint8 of the shape of x. */
export function quantize(x: Tensor, quantization: Quantization): Tensor {
  return quantizeOp([x], quantization);
}

/** `scale (q - zeroPoint)`, float32: the way back from `quantize`. */
export function dequantize(q: Tensor, quantization: Quantization): Tensor {
  return dequantizeOp([q], quantization);
}

/** Photos as planes that stay bytes: uint8 `[N, H, W, 3]` to uint8 `[N, 3, H, W]`. */
export function bytePlanes(pixels: Tensor): Tensor {
  return bytePlanesOp([pixels], undefined);
}

/** A weight of which whole numbers are stored: float32 `scales[o] values[o, ...]`. */
export function storedWeight(weight: StoredWeight): Tensor {
  return storedWeightOp([], weight);
}
