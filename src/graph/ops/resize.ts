import { neighborsIn } from "../../grid.ts";
import { countValues, featureMapShape, fixedShape } from "../shape.ts";
import { defineOp, type Tensor } from "../tensor.ts";

interface ResizeAttributes {
  /** Height and width of the result; those of the second input where absent. */
  readonly size?: readonly [number, number];
  /** Whether the corner pixels' centres, or the corners of the picture, stay in place. */
  readonly alignCorners: boolean;
}

export const resizeOp = defineOp<[x: Tensor] | [x: Tensor, like: Tensor], ResizeAttributes>({
  name: "resize",
  infer([x, like], { size }) {
    const [n, c] = featureMapShape("resize", x.shape);
    const [, , h, w] = featureMapShape("resize", like?.shape ?? [n, c, ...(size ?? [])]);
    return { shape: [n, c, h, w] };
  },
  // Bilinear resizing is linear in x and acts on rows and columns apart: Y = V X Hᵀ, with one row of weights
  // for each output row (V) and column (H). So dX = Vᵀ dY H.
  gradient({ inputs: [x, like], attributes: { alignCorners } }, dy) {
    const dx = gradientOp([dy], { alignCorners, shape: fixedShape("resize", x.shape) });
    return like ? [dx, undefined] : [dx];
  },
  onnx({ inputs: [x, like], attributes: { alignCorners }, output }, onnx) {
    const [, channels, ...extents] = output.shape;
    const size = extents.filter((extent) => typeof extent === "number");
    let sizes: string;
    if (size.length === 2 && typeof output.shape[0] === "number") {
      sizes = onnx.ints(fixedShape("resize", output.shape));
    } else if (like) {
      const batchAndChannels = onnx.slice(onnx.node("Shape", [onnx.name(x)]), {
        axes: [0],
        starts: [0],
        ends: [2],
      });
      const target = onnx.slice(onnx.node("Shape", [onnx.name(like)]), { axes: [0], starts: [2], ends: [4] });
      sizes = onnx.node("Concat", [batchAndChannels, target], { axis: 0 });
    } else {
      const batch = onnx.slice(onnx.node("Shape", [onnx.name(x)]), { axes: [0], starts: [0], ends: [1] });
      sizes = onnx.node("Concat", [batch, onnx.ints([Number(channels), ...size])], { axis: 0 });
    }
    return onnx.node("Resize", [onnx.name(x), "", "", sizes], {
      mode: "linear",
      coordinate_transformation_mode: alignCorners ? "align_corners" : "half_pixel",
    });
  },
});

const gradientOp = defineOp<[dy: Tensor], { alignCorners: boolean; shape: readonly number[] }>({
  name: "resizeGradient",
  infer: (_inputs, { shape }) => ({ shape }),
  macs({ inputs: [dy], attributes: { shape } }) {
    const [, , outHeight = 1] = fixedShape("resize", dy.shape);
    const [n = 1, c = 1, , w = 1] = shape;
    return countValues(fixedShape("resize", dy.shape)) * w + n * c * outHeight * w * (shape[2] ?? 1);
  },
  onnx({ inputs: [dy], attributes: { alignCorners, shape } }, onnx) {
    const [, , outHeight = 1, outWidth = 1] = fixedShape("resize", dy.shape);
    const [, , h = 1, w = 1] = shape;
    const columns = onnx.floats(interpolationMatrix(w, outWidth, alignCorners), [outWidth, w]);
    const rows = onnx.floats(interpolationMatrix(h, outHeight, alignCorners), [outHeight, h]);
    const narrow = onnx.node("MatMul", [onnx.name(dy), columns]);
    return onnx.node("MatMul", [onnx.transpose(rows, [1, 0]), narrow]);
  },
});

/**
 * Bilinear resizing to a fixed `size` `[H, W]`, or to the size of the feature map `like`.
 *
 * With `alignCorners` output pixel p lies at `p (in - 1) / (out - 1)`, as in all decoders of the RefineNet family; without
 * at `(p + 0.5) in / out - 0.5`, clamped to the map. Both as PyTorch's `interpolate(mode="bilinear")`.
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
