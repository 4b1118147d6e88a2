import { matmulOp } from "../ops/matmul.ts";
import { countValues, fixedShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** A value with its extents, row-major. */
interface Value {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

const arithmetic: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};

/**
 * The value of a tensor whose inputs' values are known, for the few ops that rewritten weights are made of.
 *
 * @returns undefined for another op, or where an input is not known
 */
export function evaluate(
  tensor: Tensor,
  known: (input: Tensor) => Float32Array | undefined,
): Float32Array | undefined {
  const values: Value[] = [];
  for (const input of tensor.inputs) {
    const data = known(input);
    if (!data) return undefined;
    values.push({ data, shape: fixedShape("evaluate", input.shape) });
  }
  const [a, b] = values;
  if (!a) return undefined;
  if (tensor.op === "reshape") return a.data;
  if (tensor.op === "squareRoot") return a.data.map(Math.sqrt);
  if (tensor.op === "broadcast") {
    const nothing = { data: new Float32Array(1), shape: [] };
    return broadcast(a, nothing, fixedShape("evaluate", tensor.shape), (value) => value);
  }
  if (!b) return undefined;
  const combine = arithmetic[tensor.op];
  if (combine) return broadcast(a, b, fixedShape("evaluate", tensor.shape), combine);
  if (!matmulOp.made(tensor)) return undefined;
  const { transposeA, transposeB } = tensor.attributes;
  return multiplyMatrices(transposeA ? transpose(a) : a, transposeB ? transpose(b) : b);
}

function broadcast(
  a: Value,
  b: Value,
  shape: readonly number[],
  combine: (a: number, b: number) => number,
): Float32Array {
  const result = new Float32Array(countValues(shape));
  const axes = mergeAxes(
    shape.map((extent, axis) => ({
      extent,
      strideA: strideOf(a.shape, axis - shape.length),
      strideB: strideOf(b.shape, axis - shape.length),
    })),
  );
  let next = 0;
  const fill = (depth: number, startA: number, startB: number) => {
    const { extent, strideA, strideB } = axes[depth] ?? { extent: 1, strideA: 0, strideB: 0 };
    for (let place = 0; place < extent; place++) {
      const [atA, atB] = [startA + place * strideA, startB + place * strideB];
      if (depth < axes.length - 1) fill(depth + 1, atA, atB);
      else result[next++] = combine(a.data[atA] ?? 0, b.data[atB] ?? 0);
    }
  };
  fill(0, 0, 0);
  return result;
}

/** An axis of a result, and how far apart neighbours along it lie in each operand: 0 where that is repeated. */
interface Axis {
  readonly extent: number;
  readonly strideA: number;
  readonly strideB: number;
}

/** @param axis counted from the end, -1 being the last */
function strideOf(shape: readonly number[], axis: number): number {
  const extent = shape.at(axis) ?? 1;
  return extent === 1 ? 0 : countValues(shape.slice(shape.length + axis + 1));
}

/** The same places along fewer axes: millions of weights of 1x1 convolutions must not be met one axis at a time. */
function mergeAxes(axes: readonly Axis[]): Axis[] {
  const merged: Axis[] = [];
  for (const axis of axes.filter(({ extent }) => extent !== 1)) {
    const { extent, strideA, strideB } = axis;
    const outer = merged.at(-1);
    const joins = outer && outer.strideA === strideA * extent && outer.strideB === strideB * extent;
    if (joins) merged[merged.length - 1] = { extent: outer.extent * extent, strideA, strideB };
    else merged.push(axis);
  }
  return merged;
}

/** One product for each place of the leading axes; row by row of the second factor, which is how it lies in memory. */
function multiplyMatrices(a: Value, b: Value): Float32Array {
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
function transpose({ data, shape }: Value): Value {
  const leading = shape.slice(0, -2);
  const [rows = 0, columns = 0] = shape.slice(-2);
  const swapped = new Float32Array(data.length);
  for (let at = 0; at < data.length; at++) {
    const within = at % (rows * columns);
    swapped[at - within + (within % columns) * rows + Math.floor(within / columns)] = data[at] ?? 0;
  }
  return { data: swapped, shape: [...leading, columns, rows] };
}
