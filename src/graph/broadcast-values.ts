import { countValues } from "./shape.ts";
import type { KnownValue } from "./tensor.ts";

/** An axis of a result, with the stride along it in each operand: 0 where the operand is repeated. */
interface Axis {
  readonly extent: number;
  readonly strideA: number;
  readonly strideB: number;
}

/** `combine(a, b)` value by value, broadcasting both to `shape` as numpy does. */
export function broadcastValues(
  a: KnownValue,
  b: KnownValue,
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
    if (depth < axes.length - 1)
      for (let index = 0; index < extent; index++)
        fill(depth + 1, startA + index * strideA, startB + index * strideB);
    else
      for (let index = 0; index < extent; index++)
        result[next++] = combine(
          a.data[startA + index * strideA] ?? 0,
          b.data[startB + index * strideB] ?? 0,
        );
  };
  fill(0, 0, 0);
  return result;
}

/** @param axis counted from the end, -1 being the last */
function strideOf(shape: readonly number[], axis: number): number {
  const extent = shape.at(axis) ?? 1;
  return extent === 1 ? 0 : countValues(shape.slice(shape.length + axis + 1));
}

/** The same loop over fewer axes. Recursion per weight is too slow for millions of 1x1 weights. */
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
