import { invalidGraph } from "../invalid-graph.ts";
import { defineOp } from "../op.ts";
import { everything } from "../region.ts";
import { type Dim, featureMapShape, formatDim, formatShape, sameShape, symbol } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

const flattenOp = defineOp<[x: Tensor], undefined>({
  name: "flatten",
  infer([x]) {
    const [n, c, h, w] = featureMapShape("flatten", x.shape);
    return { shape: [n, c, multiplyDims(h, w)], dtype: x.dtype };
  },
  gradient: ({ inputs: [x] }, dy) => [unflatten(dy, { like: x })],
  // 0 keeps an extent.
  onnx: ({ inputs: [x] }, onnx) => onnx.reshape(x, [0, 0, -1]),
});

const unflattenOp = defineOp<[x: Tensor, like: Tensor], undefined>({
  name: "unflatten",
  infer([x, like]) {
    const [n, , h, w] = featureMapShape("unflatten", like.shape);
    const [, c = 0] = x.shape;
    if (!sameShape(x.shape, [n, c, multiplyDims(h, w)])) {
      const rule = `must be [N, C, H * W] of a map like ${formatShape(like.shape)}`;
      throw invalidGraph("unflatten", "x", rule, formatShape(x.shape));
    }
    return { shape: [n, c, h, w], dtype: x.dtype };
  },
  gradient: (_call, dy) => [flatten(dy), undefined],
  // Of `like` the size is read, and no value.
  reads: () => [everything],
  onnx({ inputs: [x, like], output: { shape } }, onnx) {
    if (shape.every((extent) => typeof extent === "number")) return onnx.reshape(x, shape);
    const part = (tensor: Tensor, start: number, end: number) =>
      onnx.slice(onnx.node("Shape", [tensor]), { axes: [0], starts: [start], ends: [end] });
    const sizes = onnx.node("Concat", [part(x, 0, 2), part(like, 2, 4)], { axis: 0 });
    return onnx.node("Reshape", [x, sizes]);
  },
});

/** A product with a symbolic factor is a new symbol, the same for the same factors. */
function multiplyDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a * b;
  return symbol(`(${formatDim(a)})*(${formatDim(b)})`);
}

/** A feature map with its pixels in one row: `[N, C, H, W]` to `[N, C, H * W]`, for any sizes. */
export function flatten(map: Tensor): Tensor {
  return flattenOp([map], undefined);
}

/** The inverse of `flatten`: `[N, C, H * W]` to `[N, C, H, W]`, with the height and width of `like`. */
export function unflatten(x: Tensor, { like }: { like: Tensor }): Tensor {
  return unflattenOp([x, like], undefined);
}
