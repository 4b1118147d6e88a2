import type { Weights } from "./types.ts";

/** How the tensors of a file fit the parameters that a network expects. */
export interface WeightsMatch {
  /** Tensors whose name and shape are expected, in the order of the network. */
  used: Weights;
  /** Expected names that the file does not hold. */
  missing: string[];
  /** Names in the file that the network does not know. */
  unexpected: string[];
  /** Names that both know, with different shapes. */
  misshaped: { name: string; expected: readonly number[]; found: readonly number[] }[];
}

/** PyTorch's batch norm counts its training steps; nothing in a network reads the count. */
const STEP_COUNTER = "num_batches_tracked";

/** Pairs the tensors of a file with the parameters (name to shape) that a network expects; never throws. */
export function matchWeights(
  expected: ReadonlyMap<string, readonly number[]>,
  weights: Weights,
): WeightsMatch {
  const match: WeightsMatch = { used: new Map(), missing: [], unexpected: [], misshaped: [] };
  for (const [name, shape] of expected) {
    const tensor = weights.get(name);
    if (tensor === undefined) match.missing.push(name);
    else if (sameShape(shape, tensor.shape)) match.used.set(name, tensor);
    else match.misshaped.push({ name, expected: shape, found: tensor.shape });
  }
  for (const name of weights.keys()) {
    if (!expected.has(name) && !name.endsWith(STEP_COUNTER)) match.unexpected.push(name);
  }
  return match;
}

/** A match as text of several lines: counts, then at most `limit` names (default 10) of each kind of difference. */
export function describeMatch(match: WeightsMatch, limit = 10): string {
  const misshaped = match.misshaped.map(
    ({ name, expected, found }) => `${name}: expected [${expected.join(", ")}], found [${found.join(", ")}]`,
  );
  return [
    `${match.used.size} of ${match.used.size + match.missing.length + misshaped.length} parameters found`,
    ...section("missing", match.missing, limit),
    ...section("with another shape", misshaped, limit),
    ...section("not part of the network", match.unexpected, limit),
  ].join("\n");
}

function section(title: string, lines: readonly string[], limit: number): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, limit).map((line) => `  ${line}`);
  const hidden = lines.length - shown.length;
  return [`${lines.length} ${title}:`, ...shown, ...(hidden > 0 ? [`  and ${hidden} more`] : [])];
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
