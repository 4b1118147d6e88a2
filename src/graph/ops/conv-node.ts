import type { OnnxInput, OnnxWriter } from "../onnx/writer.ts";
import type { Shape4 } from "../shape.ts";
import type { ConvolutionAttributes } from "./window.ts";

type ConvSettings = Pick<ConvolutionAttributes, "stride" | "dilation" | "groups"> & {
  /** Top, left, bottom, right. */
  pads: readonly number[];
  /** Of the kernel, `[O, I / groups, kH, kW]`. */
  shape: Shape4;
};

/** Adds a `Conv`. Pads are spelled out, since auto_pad with strides is wrong on WebGPU. */
export function convNode(
  onnx: OnnxWriter,
  [x, kernel, bias]: readonly [x: OnnxInput, kernel: OnnxInput, bias?: OnnxInput],
  { stride, dilation, groups, pads, shape: [, i, kh, kw] }: ConvSettings,
): string {
  const missing = onnx.provider === "webgpu" && groups === 1 && kh * kw > 1 ? missingChannels(i) : 0;
  const factors = [x, kernel].map((value) => withZeroChannels(onnx, value, missing));
  return onnx.node("Conv", bias ? [...factors, bias] : factors, {
    kernel_shape: [kh, kw],
    strides: stride,
    pads,
    dilations: dilation,
    group: groups,
  });
}

/**
 * ONNX Runtime 1.30 computes wrong sums on WebGPU where a kernel larger than 1x1 meets more than 3 input
 * channels, a multiple of 3 and none of 4. Zeros up to a multiple of 4 change nothing and avoid that.
 */
function missingChannels(channels: number): number {
  return channels > 3 && channels % 3 === 0 ? (4 - (channels % 4)) % 4 : 0;
}

function withZeroChannels(onnx: OnnxWriter, value: OnnxInput, count: number): OnnxInput {
  return count === 0 ? value : onnx.node("Pad", [value, onnx.ints([0, 0, 0, 0, 0, count, 0, 0])]);
}
