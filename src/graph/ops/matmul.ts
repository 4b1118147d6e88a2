import { invalidGraph } from "../invalid-graph.ts";
import { defineOp, type Op } from "../op.ts";
import { countValues, type Dim, fixedShape, formatShape, type Shape, sameDim, sameShape } from "../shape.ts";
import type { KnownValue, Tensor } from "../tensor.ts";

interface MatmulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

const matmulOp: Op<[a: Tensor, b: Tensor], MatmulAttributes> = defineOp({
  name: "matmul",
  infer([a, b], { transposeA, transposeB }) {
    const [rows, inner] = matrixExtents(a.shape, transposeA);
    const [otherInner, columns] = matrixExtents(b.shape, transposeB);
    const batch = a.shape.slice(0, -2);
    const fits = a.shape.length >= 2 && sameShape(batch, b.shape.slice(0, -2)) && sameDim(inner, otherInner);
    if (!fits) {
      const text = (x: Tensor, transposed: boolean) =>
        `${formatShape(x.shape)}${transposed ? " transposed" : ""}`;
      const rule = "must be [..., R, K] and [..., K, C], once transposed";
      throw invalidGraph("matmul", "shapes", rule, `${text(a, transposeA)} and ${text(b, transposeB)}`);
    }
    return { shape: [...batch, rows, columns] };
  },
  // Y = A B: dA = dY Bᵀ and dB = Aᵀ dY. Where A was transposed first, its derivative is the transpose of
  // that, B dYᵀ; where B was, dYᵀ A. A factor that was transposed is the other way round in the other's
  // derivative too.
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
    const factor = (x: Tensor, transposed: boolean) => (transposed ? onnx.transpose(x, swapped) : x);
    return onnx.node("MatMul", [factor(a, transposeA), factor(b, transposeB)]);
  },
  evaluate([a, b], { attributes: { transposeA, transposeB } }) {
    return multiplyMatrices(transposeA ? transpose(a) : a, transposeB ? transpose(b) : b);
  },
});

function matrixExtents(shape: Shape, transposed: boolean): [rows: Dim, columns: Dim] {
  const [rows = 0, columns = 0] = shape.slice(-2);
  return transposed ? [columns, rows] : [rows, columns];
}

/** One product per index of the leading axes, row by row of the second factor, which is contiguous. */
function multiplyMatrices(a: KnownValue, b: KnownValue): Float32Array {
  const [rows = 0, inner = 0] = a.shape.slice(-2);
  const columns = b.shape.at(-1) ?? 0;
  const products = countValues(a.shape.slice(0, -2));
  const result = new Float32Array(products * rows * columns);
  const sums = new Float64Array(columns);
  for (let row = 0; row < products * rows; row++) {
    const firstOfB = Math.floor(row / rows) * inner * columns;
    sums.fill(0);
    for (let k = 0; k < inner; k++) {
      const factor = a.data[row * inner + k] ?? 0;
      const start = firstOfB + k * columns;
      for (let column = 0; column < columns; column++)
        sums[column] = (sums[column] ?? 0) + factor * (b.data[start + column] ?? 0);
    }
    result.set(sums, row * columns);
  }
  return result;
}

/** Swaps the last two axes. */
function transpose({ data, shape }: KnownValue): KnownValue {
  const leading = shape.slice(0, -2);
  const [rows = 0, columns = 0] = shape.slice(-2);
  const swapped = new Float32Array(data.length);
  for (let first = 0; first < data.length; first += rows * columns)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        swapped[first + column * rows + row] = data[first + row * columns + column] ?? 0;
  return { data: swapped, shape: [...leading, columns, rows] };
}

/**
 * Batched matrix product: `[..., R, K]` and `[..., K, C]` to `[..., R, C]`.
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
