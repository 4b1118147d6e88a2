import { LightsegError } from "../../errors.ts";
import { countValues, type Dim, fixedShape, formatShape, type Shape, sameDim, sameShape } from "../shape.ts";
import { defineOp, type Op, type Tensor } from "../tensor.ts";

interface MatmulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

export const matmulOp: Op<[a: Tensor, b: Tensor], MatmulAttributes> = defineOp({
  name: "matmul",
  infer([a, b], { transposeA, transposeB }) {
    const [rows, inner] = matrixExtents(a.shape, transposeA);
    const [otherInner, columns] = matrixExtents(b.shape, transposeB);
    const batch = a.shape.slice(0, -2);
    const fits = a.shape.length >= 2 && sameShape(batch, b.shape.slice(0, -2)) && sameDim(inner, otherInner);
    if (!fits) {
      throw new LightsegError({
        code: "INVALID_GRAPH",
        where: "matmul",
        argument: "shapes",
        rule: "must be [..., R, K] and [..., K, C], once transposed",
        value: `${formatShape(a.shape)}${transposeA ? " transposed" : ""} and ${formatShape(b.shape)}${transposeB ? " transposed" : ""}`,
      });
    }
    return { shape: [...batch, rows, columns] };
  },
  // Y = A B: dA = dY Bᵀ and dB = Aᵀ dY. Where A was transposed first, its derivative is the transpose of that, B dYᵀ;
  // where B was, dYᵀ A. A factor that was transposed is the other way round in the other's derivative too.
  gradient({ inputs: [a, b], attributes: { transposeA, transposeB } }, dy) {
    return [
      transposeA
        ? matmul(b, dy, { transposeA: transposeB, transposeB: true })
        : matmul(dy, b, { transposeB: !transposeB }),
      transposeB
        ? matmul(dy, a, { transposeA: true, transposeB: transposeA })
        : matmul(a, dy, { transposeA: !transposeA }),
    ];
  },
  macs({ inputs: [a], attributes: { transposeA }, output }) {
    const [, inner] = matrixExtents(a.shape, transposeA);
    return countValues(fixedShape("macs", [...output.shape, inner]));
  },
  onnx({ inputs: [a, b], attributes: { transposeA, transposeB } }, onnx) {
    const axes = a.shape.map((_, axis) => axis);
    const swapped = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
    const factor = (x: Tensor, transposed: boolean) =>
      transposed ? onnx.transpose(onnx.name(x), swapped) : onnx.name(x);
    return onnx.node("MatMul", [factor(a, transposeA), factor(b, transposeB)]);
  },
});

function matrixExtents(shape: Shape, transposed: boolean): [rows: Dim, columns: Dim] {
  const [rows = 0, columns = 0] = shape.slice(-2);
  return transposed ? [columns, rows] : [rows, columns];
}

/**
 * Product of matrices, one for each place of the leading axes: `[..., R, K]` and `[..., K, C]` to `[..., R, C]`.
 *
 * A factor is transposed first (its last two axes swapped) where the options say so; by default none is.
 *
 * @throws LightsegError INVALID_GRAPH if leading axes or K differ
 */
export function matmul(
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Tensor {
  return matmulOp([a, b], { transposeA, transposeB });
}
