import { everything } from "../graph/region.ts";
import { collect, type Tensor } from "../graph/tensor.ts";

/** A part of a network that the literature names, such as chained residual pooling. */
export interface Block {
  /** What it is, e.g. `CRP`. */
  readonly kind: string;
  /** Units of that kind, one behind the other. */
  readonly repeats: number;
  /** Where its parameters lie, e.g. `crp4`; unique in a network. */
  readonly name: string;
  /** What it computes from, in the order in which it is written. */
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
}

/** What lies between the inputs of a block and its output, the output included, in order of computation. */
export function membersOf({ inputs, output }: Block): Tensor[] {
  const outside = new Set(inputs);
  const members = new Set<Tensor>();
  const pending = [output];
  for (let tensor = pending.pop(); tensor; tensor = pending.pop()) {
    if (outside.has(tensor) || members.has(tensor)) continue;
    members.add(tensor);
    pending.push(...tensor.inputs);
  }
  return collect([output]).filter((tensor) => members.has(tensor));
}

/** The inputs of a block whose values it reads; one that gives a size alone is none. */
export function readInputs(block: Block): Tensor[] {
  const read = new Set(membersOf(block).flatMap(readBy));
  return block.inputs.filter((input) => read.has(input));
}

/** The inputs whose values a tensor is computed from. */
export function readBy(tensor: Tensor): Tensor[] {
  const regions = tensor.reads(everything);
  return tensor.inputs.filter((_, index) => regions[index] !== undefined);
}
