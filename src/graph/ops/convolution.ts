import { LightsegError } from "../../errors.ts";
import { countValues, featureMapShape, fixedShape, formatShape, slideWindow } from "../shape.ts";
import { defineOp, type Tensor } from "../tensor.ts";
import { convolutionDataGradient, convolutionWeightGradient } from "./convolution-gradient.ts";
import { channelSum } from "./reduction.ts";

/** How a kernel moves over a feature map; pairs are vertical, horizontal. */
export interface ConvolutionAttributes {
  readonly stride: readonly [number, number];
  /** Zeros before the first and after the last row (column). */
  readonly padding: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

export interface ConvolutionOptions {
  /** Added to every output channel, `[O]`. */
  bias?: Tensor;
  /** Defaults to 1. */
  stride?: number | readonly [number, number];
  /** Defaults to 0. */
  padding?: number | readonly [number, number];
  /** Defaults to 1. */
  dilation?: number | readonly [number, number];
  /** Channels in and out fall into this many groups that do not see each other. Defaults to 1. */
  groups?: number;
}

type Inputs = [x: Tensor, weight: Tensor] | [x: Tensor, weight: Tensor, bias: Tensor];

export const convolutionOp = defineOp<Inputs, ConvolutionAttributes>({
  name: "convolution",
  infer([x, weight, bias], { stride, padding, dilation, groups }) {
    const [n, channels, height, width] = featureMapShape("convolution", x.shape);
    const [outputs = 0, inputs = 0, ...kernel] = fixedShape("convolution", weight.shape);
    if (kernel.length !== 2 || inputs * groups !== channels || outputs % groups !== 0) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "convolution",
        argument: "weight",
        rule: `must be [O, ${channels / groups}, kH, kW] with O a multiple of groups = ${groups}`,
        value: formatShape(weight.shape),
      });
    }
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== outputs)) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "convolution",
        argument: "bias",
        rule: `must be [${outputs}]`,
        value: formatShape(bias.shape),
      });
    }
    const slide = (size: typeof height, axis: 0 | 1) =>
      slideWindow("convolution", size, {
        kernel: kernel[axis] ?? 1,
        stride: stride[axis],
        dilation: dilation[axis],
        padding: 2 * padding[axis],
      });
    return { shape: [n, outputs, slide(height, 0), slide(width, 1)] };
  },

  // y[o, p] = bias[o] + sum over i, k of weight[o, i, k] x[i, stride p + dilation k - padding].
  // So dx gathers dy through the same weights backwards, dweight correlates x with dy, dbias sums dy.
  gradient({ inputs: [x, weight, bias], attributes }, dy) {
    const dx = convolutionDataGradient(dy, weight, x, attributes);
    const dweight = convolutionWeightGradient(x, dy, weight, attributes);
    return bias ? [dx, dweight, channelSum(dy)] : [dx, dweight];
  },

  // Every output value needs one multiply-accumulate for each weight of its channel.
  macs({ inputs: [, weight], output }) {
    const perValue = countValues(fixedShape("macs", weight.shape).slice(1));
    return countValues(fixedShape("macs", output.shape)) * perValue;
  },

  onnx({ inputs, attributes: { stride, padding, dilation, groups } }, onnx) {
    const [, weight] = inputs;
    return onnx.node(
      "Conv",
      inputs.map((tensor) => onnx.name(tensor)),
      {
        kernel_shape: fixedShape("convolution", weight.shape).slice(2),
        strides: stride,
        // Spelled out, since auto_pad with strides is wrong on WebGPU.
        pads: [...padding, ...padding],
        dilations: dilation,
        group: groups,
      },
    );
  },
});

/**
 * 2-D cross-correlation, what the field calls a convolution: `[N, I, H, W]` and `[O, I / groups, kH, kW]` to `[N, O, H', W']`.
 *
 * @throws LightsegError INVALID_GRAPH if channels, groups and weight do not agree
 */
export function convolution(x: Tensor, weight: Tensor, options: ConvolutionOptions = {}): Tensor {
  const { bias, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const attributes = { stride: pair(stride), padding: pair(padding), dilation: pair(dilation), groups };
  return convolutionOp(bias ? [x, weight, bias] : [x, weight], attributes);
}

function pair(value: number | readonly [number, number]): readonly [number, number] {
  return typeof value === "number" ? [value, value] : value;
}
