import { invalidGraph } from "./invalid-graph.ts";
import { add } from "./ops/elementwise.ts";
import { formatShape } from "./shape.ts";
import { collect, constant, type Tensor } from "./tensor.ts";

/**
 * Reverse-mode differentiation, graph to graph: the derivatives of the scalar `loss` with respect to
 * `variables`.
 *
 * Walks from the loss back to the variables, each tensor after all its uses. Only tensors that depend on a
 * variable get a derivative, so the first convolution computes none for the photo.
 *
 * The result can be differentiated again only where it is made of ops with a gradient. Second derivatives
 * stop at the `*Gradient` ops, which are written for speed and have none.
 *
 * @param loss a tensor of shape `[]`
 * @param variables tensors that the loss depends on
 * @returns one tensor for each variable, of its shape
 * @throws LightsegError INVALID_GRAPH if the loss is no scalar or does not depend on a variable
 */
export function differentiate(loss: Tensor, variables: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0)
    throw invalidGraph("differentiate", "loss", "must be a scalar of shape []", formatShape(loss.shape));
  const tensors = collect([loss]);
  const active = new Set(variables);
  for (const tensor of tensors) {
    if (tensor.inputs.some((input) => active.has(input))) active.add(tensor);
  }

  const derivatives = new Map<Tensor, Tensor>([[loss, constant(Float32Array.of(1), [])]]);
  for (const tensor of tensors.reverse()) {
    const dy = derivatives.get(tensor);
    if (!dy) continue;
    const contributions = tensor.gradient(dy);
    tensor.inputs.forEach((input, index) => {
      const contribution = contributions[index];
      if (!contribution || !active.has(input)) return;
      const sum = derivatives.get(input);
      derivatives.set(input, sum ? add(sum, contribution) : contribution);
    });
  }

  return variables.map((variable) => {
    const derivative = derivatives.get(variable);
    if (derivative) return derivative;
    const name = variable.leaf && "name" in variable.leaf ? variable.leaf.name : variable.op;
    throw invalidGraph("differentiate", name, "has no influence on the loss");
  });
}
