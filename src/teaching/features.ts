import { foldBatchNorm } from "../graph/rewrite/fold-batch-norm.ts";
import type { Tensor } from "../graph/tensor.ts";
import { openGraph } from "../inference/open-graph.ts";
import type { Weights } from "../models/weights.ts";
import type { Engine } from "../runtime/session.ts";
import type { Batch, StepInputs } from "../training/batches.ts";

export interface ComputeFeaturesOptions {
  /** Gives the batch of a number from 0. */
  take(index: number): Promise<Batch>;
  /** The number of batches. */
  count: number;
  engine: Engine;
  signal?: AbortSignal | undefined;
}

/**
 * Computes a frozen encoder's feature maps for a number of batches.
 *
 * @param features graphs on the input `image`, by name
 * @returns for each batch its target, and the feature maps by name
 */
export async function computeFeatures(
  features: ReadonlyMap<string, Tensor>,
  weights: Weights,
  { take, count, engine, signal }: ComputeFeaturesOptions,
): Promise<StepInputs[]> {
  const names = [...features.keys()];
  const folded = foldBatchNorm([...features.values()]);
  const outputs = Object.fromEntries([...features].map(([name, tensor]) => [name, folded(tensor)]));
  const session = await openGraph(outputs, weights, engine);
  try {
    const found: StepInputs[] = [];
    for (let index = 0; index < count; index++) {
      signal?.throwIfAborted();
      const { image, target } = await take(index);
      found.push({ ...(await session.run({ image }, names, ["image"])), target });
    }
    return found;
  } finally {
    await session.dispose();
  }
}
