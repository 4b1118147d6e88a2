import type { Shape } from "../shape.ts";
import type { OnnxInput, OnnxWriter, SumOptions } from "./writer.ts";

/** How many values WebGPU's kernel sums up at once: it gives each result to 32 threads. */
const VALUES_OF_A_PASS = 4096;

/** How many neighbors along one axis are summed up where it is longer. */
const ROW = 1024;

/**
 * Writes the sum of a value over axes: one node on the CPU. WebGPU's kernel would leave the card idle where
 * many values become few, so they are summed up in passes there.
 */
export function writeSum(
  onnx: OnnxWriter,
  value: OnnxInput,
  { axes, shape, keepDims = false }: SumOptions,
): string {
  const reduce = (from: OnnxInput, over: readonly number[]) =>
    onnx.node("ReduceSum", [from, onnx.ints(over)], { keepdims: keepDims ? 1 : 0 });
  if (onnx.provider !== "webgpu") return reduce(value, axes);
  const rows = sumRows(onnx, value, axes, shape);
  const [first = [], ...rest] = reductionPasses(axes, rows.shape);
  return rest.reduce(reduce, reduce(rows.sum, first));
}

/** Sums along axes that are too long for one pass, until their extents are short. */
function sumRows(
  onnx: OnnxWriter,
  value: OnnxInput,
  axes: readonly number[],
  shape: Shape,
): { sum: OnnxInput; shape: Shape } {
  const extents = shape.flatMap((dim) => (typeof dim === "number" ? [dim] : []));
  const axis = axes.find((axis) => (extents[axis] ?? 0) > VALUES_OF_A_PASS);
  if (axis === undefined || extents.length < shape.length) return { sum: value, shape };
  const extent = extents[axis] ?? 0;
  const rows = Math.ceil(extent / ROW);
  const zeros = extents.map(() => 0);
  const pads = onnx.ints([...zeros, ...zeros.with(axis, rows * ROW - extent)]);
  const full = extent % ROW === 0 ? value : onnx.node("Pad", [value, pads]);
  const inRows = onnx.reshape(full, extents.toSpliced(axis, 1, rows, ROW));
  const sums = onnx.node("ReduceSum", [inRows, onnx.ints([axis + 1])], { keepdims: 0 });
  return sumRows(onnx, sums, axes, extents.with(axis, rows));
}

/**
 * Axes to sum over, some at a time, innermost first: a sum of millions into few at once would leave a GPU
 * idle.
 */
function reductionPasses(axes: readonly number[], shape: Shape): number[][] {
  const passes: number[][] = [];
  let values = Number.POSITIVE_INFINITY;
  for (const axis of axes.toSorted((a, b) => b - a)) {
    const dim = shape[axis];
    const extent = typeof dim === "number" ? dim : Number.POSITIVE_INFINITY;
    values *= extent;
    if (values <= VALUES_OF_A_PASS) passes.at(-1)?.push(axis);
    else {
      passes.push([axis]);
      values = extent;
    }
  }
  return passes;
}
