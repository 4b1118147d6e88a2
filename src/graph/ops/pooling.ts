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
    const pool = (from: string, across: 0 | 1, down: 0 | 1) =>
      onnx.node("MaxPool", [from], {
        kernel_shape: [down ? kernel : 1, across ? kernel : 1],
        strides: [down ? stride : 1, across ? stride : 1],
        pads: [down * padding, across * padding, down * padding, across * padding],
      });
    // The engine's kernel for bytes reads every value of a window: 2 k of them by rows and then columns, k^2 at once. That for floats
    // waits for memory, which two passes need twice.
    return x.dtype === "uint8" ? pool(pool(onnx.name(x), 1, 0), 0, 1) : pool(onnx.name(x), 1, 1);
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
