import { neighborsIn, positionIn } from "../../grid.ts";
import { defineOp } from "../op.ts";
import type { Span } from "../region.ts";
import { featureMapShape, fixedShape, type Shape4, shape4 } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

interface ResizeAttributes {
  /** Height and width of the result; those of the second input where absent. */
  readonly size?: readonly [number, number];
  /** PyTorch's `align_corners`: whether the centers of the corner pixels coincide, or the picture's edges. */
  readonly alignCorners: boolean;
}

export const resizeOp = defineOp<[x: Tensor] | [x: Tensor, like: Tensor], ResizeAttributes>({
  name: "resize",
  infer([x, like], { size }) {
    const [n, c] = featureMapShape("resize", x.shape);
    const [, , h, w] = featureMapShape("resize", like?.shape ?? [n, c, ...(size ?? [])]);
    return { shape: [n, c, h, w], dtype: x.dtype };
  },
  // Bilinear resizing is linear in x and acts on rows and columns apart: Y = V X Hᵀ, with one row of weights
  // for each output row (V) and column (H). So dX = Vᵀ dY H.
  gradient({ inputs: [x, like], attributes: { alignCorners } }, dy) {
    const dx = gradientOp([dy], { alignCorners, shape: shape4("resize", x) });
    return like ? [dx, undefined] : [dx];
  },
  onnx({ inputs: [x, like], attributes: { alignCorners }, output }, onnx) {
    const [n, c, h, w] = featureMapShape("resize", output.shape);
    const extents = (of: Tensor, start: number, end: number) =>
      onnx.slice(onnx.node("Shape", [of]), { axes: [0], starts: [start], ends: [end] });
    let sizes: string;
    if (typeof h === "number" && typeof w === "number" && typeof n === "number") {
      sizes = onnx.ints([n, c, h, w]);
    } else if (like) {
      sizes = onnx.node("Concat", [extents(x, 0, 2), extents(like, 2, 4)], { axis: 0 });
    } else {
      const rest = onnx.ints(fixedShape("resize", [c, h, w]));
      sizes = onnx.node("Concat", [extents(x, 0, 1), rest], { axis: 0 });
    }
    return onnx.node("Resize", [x, "", "", sizes], {
      mode: "linear",
      coordinate_transformation_mode: alignCorners ? "align_corners" : "half_pixel",
    });
  },
  // Of the map that gives the size, no value is read.
  reads({ inputs: [x], attributes: { alignCorners }, output }, { rows, columns }) {
    const [, , inHeight, inWidth] = shape4("reads", x);
    const [, , outHeight, outWidth] = shape4("reads", output);
    const cover = ([first, last]: Span, inSize: number, outSize: number): Span => {
      if (!Number.isFinite(first + last)) return [first, last];
      const position = (pixel: number) => positionIn(pixel, { inSize, outSize, alignCorners });
      return [Math.floor(position(first)), Math.ceil(position(last))];
    };
    return [{ rows: cover(rows, inHeight, outHeight), columns: cover(columns, inWidth, outWidth) }];
  },
  describe: () => "",
  quantized: "inherited",
});

const gradientOp = defineOp<[dy: Tensor], { alignCorners: boolean; shape: Shape4 }>({
  name: "resizeGradient",
  infer: (_inputs, { shape }) => ({ shape }),
  onnx({ inputs: [dy], attributes: { alignCorners, shape } }, onnx) {
    const [, , outHeight, outWidth] = shape4("resize", dy);
    const [, , h, w] = shape;
    const columns = onnx.floats(interpolationMatrix(w, outWidth, alignCorners), [outWidth, w]);
    const rows = onnx.floats(interpolationMatrix(h, outHeight, alignCorners), [outHeight, h]);
    const narrow = onnx.node("MatMul", [dy, columns]);
    return onnx.node("MatMul", [onnx.transpose(rows, [1, 0]), narrow]);
  },
});

/**
 * Bilinear resizing to a fixed `size` `[H, W]`, or to the size of the feature map `like`.
 *
 * As PyTorch's `interpolate(mode="bilinear")`, with `align_corners` in all decoders of the RefineNet family.
 * See `positionIn` for the formula.
 */
export function resize(
  x: Tensor,
  to: { like: Tensor; alignCorners: boolean } | { size: readonly [number, number]; alignCorners: boolean },
): Tensor {
  if ("like" in to) return resizeOp([x, to.like], { alignCorners: to.alignCorners });
  return resizeOp([x], { size: to.size, alignCorners: to.alignCorners });
}

/** Weights `[outSize, inSize]` of the input positions in each output position, row-major. */
export function interpolationMatrix(inSize: number, outSize: number, alignCorners: boolean): Float32Array {
  const matrix = new Float32Array(outSize * inSize);
  for (let p = 0; p < outSize; p++) {
    const { low, high, share } = neighborsIn(p, { inSize, outSize, alignCorners });
    const row = p * inSize;
    matrix[row + low] = 1 - share;
    matrix[row + high] = (matrix[row + high] ?? 0) + share;
  }
  return matrix;
}
