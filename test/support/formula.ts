/** Networks filled by the formula of bench/pytorch/formula.py, so comparisons need no weight files. */
import type { Tensor } from "../../src/graph/tensor.ts";
import { createRandom, fnv1a } from "../../src/random.ts";

/** A parameter's value: mulberry32, seeded by FNV-1a of its name, scaled by its kind. */
export function valuesByFormula(name: string, shape: readonly number[]): Float32Array {
  const { centre, scale } = spreadOf(name, shape);
  const random = createRandom(fnv1a(name));
  // A plain loop: there are 118 million values in the largest network.
  const values = new Float32Array(shape.reduce((product, dim) => product * dim, 1));
  for (let index = 0; index < values.length; index++) values[index] = centre + scale * (2 * random() - 1);
  return values;
}

function spreadOf(name: string, shape: readonly number[]): { centre: number; scale: number } {
  if (name.endsWith(".running_mean")) return { centre: 0, scale: 0.1 };
  if (name.endsWith(".running_var")) return { centre: 1, scale: 0.2 };
  if (shape.length === 1) return { centre: name.endsWith(".weight") ? 1 : 0, scale: 0.1 };
  const fanIn = shape.slice(1).reduce((product, dim) => product * dim, 1);
  return { centre: 0, scale: Math.sqrt(3 / fanIn) };
}

export function weightsByFormula(parameters: ReadonlyMap<string, Tensor>): Map<string, Float32Array> {
  return new Map(
    [...parameters].map(([name, { shape }]) => [name, valuesByFormula(name, shape.map(Number))]),
  );
}
