import { fixedShape } from "../shape.ts";
import { collect, parameter, type Tensor } from "../tensor.ts";
import { evaluate } from "./evaluate.ts";
import { rewriteGraph } from "./rewrite.ts";

/**
 * Works out everything that depends on parameters and constants alone, so that the graph reads nothing but finished weights.
 *
 * @param weights of the parameters by name; those that it does not know stay as they are, with all that is made of them
 * @param prefix what the names of new weights begin with; then comes the name of the first parameter that went in
 * @returns what stands for a tensor in the rewritten graph, and the values of the parameters that it reads, no others
 */
export function evaluateWeights(
  outputs: readonly Tensor[],
  weights: (name: string) => Float32Array | undefined,
  prefix = "%of:",
): { current: (tensor: Tensor) => Tensor; weights: ReadonlyMap<string, Float32Array> } {
  const tensors = collect(outputs);
  const values = new Map<Tensor, Float32Array>();
  for (const tensor of tensors) {
    const value = tensor.leaf ? leafValue(tensor, weights) : evaluate(tensor, (x) => values.get(x));
    if (value) values.set(tensor, value);
  }

  // What is known but read by nothing unknown was a step on the way.
  const wanted = new Set([
    ...outputs,
    ...tensors.filter((tensor) => !values.has(tensor)).flatMap(({ inputs }) => inputs),
  ]);
  const known = new Map<string, Float32Array>();
  const current = rewriteGraph(outputs, (tensor, original) => {
    const value = wanted.has(original) ? values.get(original) : undefined;
    if (!value || original.leaf?.kind === "constant") return tensor;
    if (original.leaf?.kind === "parameter") {
      known.set(original.leaf.name, value);
      return tensor;
    }
    const name = unusedName(`${prefix}${firstParameter(original)}`, known);
    known.set(name, value);
    const shape = fixedShape("evaluateWeights", original.shape);
    return parameter(name, shape, { initialization: { kind: "constant", value: 0 } });
  });
  return { current, weights: known };
}

function leafValue(
  { leaf }: Tensor,
  weights: (name: string) => Float32Array | undefined,
): Float32Array | undefined {
  if (leaf?.kind === "parameter") return weights(leaf.name);
  return leaf?.kind === "constant" && leaf.data instanceof Float32Array ? leaf.data : undefined;
}

function firstParameter({ leaf, inputs }: Tensor): string {
  if (leaf) return leaf.kind === "parameter" ? leaf.name : "";
  for (const input of inputs) {
    const name = firstParameter(input);
    if (name !== "") return name;
  }
  return "";
}

function unusedName(name: string, used: ReadonlyMap<string, unknown>): string {
  for (let copy = 1; ; copy++) {
    const unused = copy === 1 ? name : `${name}#${copy}`;
    if (!used.has(unused)) return unused;
  }
}
