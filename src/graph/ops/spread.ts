import type { OnnxInput, OnnxWriter } from "../onnx/writer.ts";
import type { Shape4 } from "../shape.ts";
import type { Pair } from "./window.ts";

interface SpreadOptions {
  /** Of the map, `[N, C, H, W]`. */
  readonly shape: Shape4;
  readonly stride: Pair;
  /** Of the result, at least `(H - 1) stride + 1`. */
  readonly size: Pair;
}

/** A strided window's map as a map at stride 1, with zeros at the places that the stride skips. */
export function spread(onnx: OnnxWriter, map: OnnxInput, { shape, stride, size }: SpreadOptions): OnnxInput {
  const [n, c, h, w] = shape;
  if (stride[0] === 1 && stride[1] === 1) return map;
  const apart = onnx.node("Pad", [
    onnx.reshape(map, [n, c, h, 1, w, 1]),
    onnx.ints([0, 0, 0, 0, 0, 0, 0, 0, 0, stride[0] - 1, 0, stride[1] - 1]),
  ]);
  const flat = onnx.reshape(apart, [n, c, h * stride[0], w * stride[1]]);
  // The last step may reach beyond the result: a negative padding cuts that off.
  return onnx.node("Pad", [
    flat,
    onnx.ints([0, 0, 0, 0, 0, 0, size[0] - h * stride[0], size[1] - w * stride[1]]),
  ]);
}
