import { LightsegError } from "../../errors.ts";
import { featureMapShape, fixedShape, slideWindow } from "../shape.ts";
import { defineOp, type Tensor } from "../tensor.ts";
import { maxPoolGradient } from "./pooling-gradient.ts";

/** A square window that moves over a feature map. */
export interface PoolingAttributes {
  /** Side of the window, in pixels. */
  readonly kernel: number;
  readonly stride: number;
  /** Rows and columns on each side that lie outside the map and do not count. */
  readonly padding: number;
}

export const maxPoolOp = defineOp<[x: Tensor], PoolingAttributes>({
  name: "maxPool",
  infer([x], attributes) {
    checkPadding("maxPool", attributes);
    const { kernel, stride, padding } = attributes;
    const [n, c, h, w] = featureMapShape("maxPool", x.shape);
    const window = { kernel, stride, dilation: 1, padding: 2 * padding };
    return { shape: [n, c, slideWindow("maxPool", h, window), slideWindow("maxPool", w, window)] };
  },
  // y is one of the x in its window, the first of the largest: dy goes there and nowhere else.
  gradient: ({ inputs: [x], attributes, output }, dy) => [
    maxPoolGradient(x, dy, {
      ...attributes,
      shape: fixedShape("maxPool", x.shape),
      output: fixedShape("maxPool", output.shape),
    }),
  ],
  onnx({ inputs: [x], attributes: { kernel, stride, padding } }, onnx) {
    return onnx.node("MaxPool", [onnx.name(x)], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
    });
  },
});

/** @throws LightsegError INVALID_GRAPH if a window could lie in the padding alone */
export function checkPadding(where: string, { kernel, padding }: PoolingAttributes): void {
  if (padding < kernel) return;
  throw new LightsegError({
    code: "INVALID_GRAPH",
    where,
    argument: "padding",
    rule: `must be less than the kernel's ${kernel}, or a window would hold no value`,
    value: padding,
  });
}

/** The largest value in each window; stride defaults to 1 and padding to 0. On ties the first one, row by row, gets the gradient. */
export function maxPool(
  x: Tensor,
  { kernel, stride = 1, padding = 0 }: { kernel: number; stride?: number; padding?: number },
): Tensor {
  return maxPoolOp([x], { kernel, stride, padding });
}
