import { invalidGraph } from "../invalid-graph.ts";
import { defineOp } from "../op.ts";
import { countValues, featureMapShape, fixedShape, formatShape, shape4 } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { convNode } from "./conv-node.ts";
import { convolutionDataGradient } from "./convolution-data-gradient.ts";
import { convolutionWeightGradient } from "./convolution-weight-gradient.ts";
import { channelSum } from "./reduction.ts";
import {
  type ConvolutionAttributes,
  coverSpan,
  eachAxis,
  type Pair,
  slideWindow,
  type Window,
} from "./window.ts";

export interface ConvolutionOptions {
  /** Added to every output channel, `[O]`. */
  bias?: Tensor;
  /** Defaults to 1. */
  stride?: number | Pair;
  /** Defaults to 0. */
  padding?: number | Pair;
  /** Defaults to 1. */
  dilation?: number | Pair;
  /** Number of groups that channels in and out are divided into; groups do not mix. Defaults to 1. */
  groups?: number;
}

type Inputs = [x: Tensor, weight: Tensor] | [x: Tensor, weight: Tensor, bias: Tensor];

export const convolutionOp = defineOp<Inputs, ConvolutionAttributes>({
  name: "convolution",
  infer([x, weight, bias], { stride, padding, dilation, groups }) {
    const [n, channels, height, width] = featureMapShape("convolution", x.shape);
    const [outputs = 0, inputs = 0, kh = 0, kw = 0] = fixedShape("convolution", weight.shape);
    if (weight.shape.length !== 4 || inputs * groups !== channels || outputs % groups !== 0) {
      const rule = `must be [O, ${channels / groups}, kH, kW] with O a multiple of groups = ${groups}`;
      throw invalidGraph("convolution", "weight", rule, formatShape(weight.shape));
    }
    if (bias && (bias.shape.length !== 1 || bias.shape[0] !== outputs))
      throw invalidGraph("convolution", "bias", `must be [${outputs}]`, formatShape(bias.shape));
    const [vertical, horizontal] = windowsOf([kh, kw], { stride, padding, dilation });
    const rows = slideWindow("convolution", height, vertical);
    const columns = slideWindow("convolution", width, horizontal);
    return { shape: [n, outputs, rows, columns] };
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
    const [, inputs, kh, kw] = shape4("macs", weight);
    return countValues(shape4("macs", output)) * inputs * kh * kw;
  },

  onnx({ inputs, attributes: { stride, padding, dilation, groups } }, onnx) {
    const shape = shape4("convolution", inputs[1]);
    return convNode(onnx, inputs, { stride, dilation, groups, pads: [...padding, ...padding], shape });
  },

  reads({ inputs: [, weight], attributes }, { rows, columns }) {
    const [, , kh, kw] = shape4("reads", weight);
    const [vertical, horizontal] = windowsOf([kh, kw], attributes);
    return [{ rows: coverSpan(rows, vertical), columns: coverSpan(columns, horizontal) }];
  },

  describe({ inputs: [, weight], attributes: { stride, dilation, groups } }) {
    const [outputs, , height, width] = shape4("describe", weight);
    return [
      `${height}x${width}`,
      ...(stride[0] > 1 ? [`stride ${stride[0]}`] : []),
      ...(dilation[0] > 1 ? [`dilation ${dilation[0]}`] : []),
      ...(groups > 1 ? [groups === outputs ? "depthwise" : `${groups} groups`] : []),
    ].join(", ");
  },

  quantized: "weighted",
});

/**
 * 2-D convolution (cross-correlation): `[N, I, H, W]` and `[O, I / groups, kH, kW]` to `[N, O, H', W']`.
 *
 * @throws LightsegError INVALID_GRAPH if channels, groups and weight do not agree
 */
export function convolution(x: Tensor, weight: Tensor, options: ConvolutionOptions = {}): Tensor {
  const { bias, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  const attributes = { stride: pair(stride), padding: pair(padding), dilation: pair(dilation), groups };
  return convolutionOp(bias ? [x, weight, bias] : [x, weight], attributes);
}

/** The windows along height and width. */
function windowsOf(
  kernel: Pair,
  { stride, padding, dilation }: Omit<ConvolutionAttributes, "groups">,
): readonly [vertical: Window, horizontal: Window] {
  return eachAxis((axis) => ({
    kernel: kernel[axis],
    stride: stride[axis],
    padding: padding[axis],
    dilation: dilation[axis],
  }));
}

function pair(value: number | Pair): Pair {
  return typeof value === "number" ? [value, value] : value;
}
