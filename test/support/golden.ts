/** The authors' networks filled by formula: see the docstrings. Values to reproduce lie beside the repository where they are at hand. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Tensor } from "../../src/graph/tensor.ts";
import { createRandom, fnv1a } from "../../src/training/random.ts";

export const goldenFolder = fileURLToPath(new URL("../../../shared/golden", import.meta.url));
export const hasGolden = existsSync(goldenFolder);

/** The value of a parameter by its name: mulberry32 seeded with FNV-1a of the name, scaled by what kind of parameter it is. */
export function goldenValues(name: string, shape: readonly number[]): Float32Array {
  const random = createRandom(fnv1a(name));
  const fanIn = shape.slice(1).reduce((product, dim) => product * dim, 1);
  return Float32Array.from({ length: shape.reduce((product, dim) => product * dim, 1) }, () => {
    const u = 2 * random() - 1;
    if (name.endsWith(".running_mean")) return 0.1 * u;
    if (name.endsWith(".running_var")) return 1 + 0.2 * u;
    if (shape.length === 1) return name.endsWith(".weight") ? 1 + 0.1 * u : 0.1 * u;
    return u * Math.sqrt(3 / fanIn);
  });
}

export function goldenWeights(parameters: ReadonlyMap<string, Tensor>): Map<string, Float32Array> {
  return new Map([...parameters].map(([name, { shape }]) => [name, goldenValues(name, shape.map(Number))]));
}
