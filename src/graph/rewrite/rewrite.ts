import { collect, type Tensor } from "../tensor.ts";

/** Looks at a tensor whose inputs are rewritten already; returns what stands for it, itself where nothing is to be done. */
export type RewriteRule = (tensor: Tensor) => Tensor;

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
    replacements.set(tensor, rule(changed ? tensor.withInputs(inputs) : tensor));
  }
  return current;
}
