import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import { countValues, fixedShape } from "../graph/shape.ts";
import { collect, type Tensor } from "../graph/tensor.ts";

const BYTES_PER_VALUE = 4;

/**
 * Peak bytes of float32 feature maps while the outputs of a fixed-size graph are computed.
 *
 * Batch norm is folded first. Tensors are computed in order of creation, and freed after their last use. An
 * activation reuses its input's memory where nothing else reads that. The photo counts; weights and the
 * engine's own memory do not.
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
  // Outputs are kept to the end.
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
