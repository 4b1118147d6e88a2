import { collect, type Tensor } from "../tensor.ts";

/**
 * Looks at a tensor whose inputs are rewritten already; returns what stands for it, itself where nothing is
 * to be done.
 *
 * @param original the same tensor as it stands in the graph that is rewritten, for what was found out about
 *   that graph
 */
export type RewriteRule = (tensor: Tensor, original: Tensor) => Tensor;

/** Rebuilds the graph of the outputs; returns what stands for a tensor of the old graph in the new one. */
export type Rewrite = (outputs: readonly Tensor[]) => (tensor: Tensor) => Tensor;

/**
 * Rebuilds the graph of the outputs, each tensor after its inputs, by a rule.
 *
 * @returns what stands for a tensor of the old graph in the new one
 */
export function rewriteGraph(outputs: readonly Tensor[], rule: RewriteRule): (tensor: Tensor) => Tensor {
  const replacements = new Map<Tensor, Tensor>();
  const current = (tensor: Tensor) => replacements.get(tensor) ?? tensor;
  for (const tensor of collect(outputs)) {
    const inputs = tensor.inputs.map(current);
    const changed = inputs.some((input, index) => input !== tensor.inputs[index]);
    replacements.set(tensor, rule(changed ? tensor.withInputs(inputs) : tensor, tensor));
  }
  return current;
}

/** How often each tensor is read, as an input of others or as an output. */
export function countReaders(outputs: readonly Tensor[]): (tensor: Tensor | undefined) => number {
  const counts = new Map<Tensor | undefined, number>();
  for (const read of [...outputs, ...collect(outputs).flatMap(({ inputs }) => inputs)])
    counts.set(read, (counts.get(read) ?? 0) + 1);
  return (tensor) => counts.get(tensor) ?? 0;
}
