import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import { countValues, fixedShape } from "../graph/shape.ts";
import { collect, type Tensor } from "../graph/tensor.ts";

const BYTES_PER_VALUE = 4;

/**
 * The most bytes of feature maps that are alive at once while outputs are computed, float32, for a graph of fixed size.
 *
 * Batch norm is folded first. Tensors are computed in the order in which they were made, and each is freed after the last op that
 * reads it; an activation takes the place of its input where nothing else reads that. The photo counts, weights do
 * not, and neither does what an engine needs for itself.
 */
export function peakActivationBytes(outputs: readonly Tensor[]): number {
  const folded = foldBatchNorm(outputs);
  const roots = outputs.map(folded);
  const tensors = collect(roots);
  const varying = new Set<Tensor>();
  const readers = new Map<Tensor, number>();
  for (const tensor of tensors) {
    const isInput = tensor.leaf?.kind === "input";
    if (isInput || tensor.inputs.some((input) => varying.has(input))) varying.add(tensor);
    for (const input of new Set(tensor.inputs)) readers.set(input, (readers.get(input) ?? 0) + 1);
  }
  // What is asked for is kept to the end.
  for (const root of roots) readers.set(root, (readers.get(root) ?? 0) + 1);

  let alive = 0;
  let peak = 0;
  for (const tensor of tensors) {
    if (!varying.has(tensor)) continue;
    const [x] = tensor.inputs;
    const inPlace = x !== undefined && tensor.inPlace && readers.get(x) === 1;
    if (!inPlace) alive += bytesOf(tensor);
    peak = Math.max(peak, alive);
    for (const input of new Set(tensor.inputs)) {
      const left = (readers.get(input) ?? 0) - 1;
      readers.set(input, left);
      if (left === 0 && varying.has(input) && !inPlace) alive -= bytesOf(input);
    }
  }
  return peak;
}

function bytesOf({ shape }: Tensor): number {
  return BYTES_PER_VALUE * countValues(fixedShape("peakActivationBytes", shape));
}
