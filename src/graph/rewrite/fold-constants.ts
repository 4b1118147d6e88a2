import { fixedShape } from "../shape.ts";
import { collect, type KnownValue, parameter, type Tensor } from "../tensor.ts";
import { rewriteGraph } from "./rewrite.ts";

/**
 * Constant folding: computes every tensor that depends on parameters and constants alone, so that the graph
 * reads nothing but finished weights.
 *
 * @param weights of the parameters by name; unknown ones stay parameters, and what depends on them stays
 *   computed
 * @param prefix of the names of new weights; the name of the first parameter that went in follows
 * @returns what stands for a tensor in the rewritten graph, and the values of exactly the parameters it reads
 */
export function foldConstants(
  outputs: readonly Tensor[],
  weights: (name: string) => Float32Array | undefined,
  prefix = "%of:",
): { current: (tensor: Tensor) => Tensor; weights: ReadonlyMap<string, Float32Array> } {
  const tensors = collect(outputs);
  const values = new Map<Tensor, KnownValue>();
  for (const tensor of tensors) {
    const data = tensor.leaf ? leafValue(tensor, weights) : fold(tensor, values);
    if (data) values.set(tensor, { data, shape: fixedShape("foldConstants", tensor.shape) });
  }

  // Values that only folded tensors read need no name.
  const wanted = new Set([
    ...outputs,
    ...tensors.filter((tensor) => !values.has(tensor)).flatMap(({ inputs }) => inputs),
  ]);
  const known = new Map<string, Float32Array>();
  const current = rewriteGraph(outputs, (tensor, original) => {
    const value = wanted.has(original) ? values.get(original) : undefined;
    if (!value || original.leaf?.kind === "constant") return tensor;
    if (original.leaf?.kind === "parameter") {
      known.set(original.leaf.name, value.data);
      return tensor;
    }
    const name = unusedName(`${prefix}${firstParameter(original)}`, known);
    known.set(name, value.data);
    return parameter(name, value.shape, { initialization: { kind: "constant", value: 0 } });
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

function fold(tensor: Tensor, values: ReadonlyMap<Tensor, KnownValue>): Float32Array | undefined {
  const known = tensor.inputs.flatMap((input) => values.get(input) ?? []);
  return known.length === tensor.inputs.length ? tensor.evaluate(known) : undefined;
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
