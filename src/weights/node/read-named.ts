import type { Weights } from "../../models/weights.ts";
import { readWeights } from "./read.ts";

/**
 * Reads the tensors of these names from a weight file, and lists the names of all others without reading them.
 *
 * @throws {LightsegError} as `readWeights`
 */
export async function readNamedWeights(
  path: string,
  names: { has(name: string): boolean },
): Promise<{ weights: Weights; metadata: Record<string, string>; others: string[] }> {
  const others = new Set<string>();
  const only = (name: string) => {
    const isNamed = names.has(name);
    if (!isNamed) others.add(name);
    return isNamed;
  };
  const { weights, metadata } = await readWeights(path, { only });
  return { weights, metadata, others: [...others] };
}
