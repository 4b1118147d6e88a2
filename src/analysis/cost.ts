import { countValues, fixedShape } from "../graph/shape.ts";
import { collect, isTrainable } from "../graph/tensor.ts";
import { buildNetwork } from "../models/network.ts";

/** What a network costs, computed from its graph. */
export interface Cost {
  /** Trained values: weights, biases, batch norm's gamma and beta. Stored statistics are not counted, as is custom. */
  readonly parameters: { readonly total: number; readonly encoder: number; readonly decoder: number };
  /** Multiply-accumulates of the convolutions for one input. */
  readonly macs: number;
  /** Floating-point operations: 2 for each multiply-accumulate. Many papers print MACs under this name. */
  readonly flops: number;
  /** Input size in pixels that `macs` and `flops` hold for. */
  readonly size: readonly [height: number, width: number];
}

/**
 * Counts parameters and multiply-accumulates of a network at one input size, batch 1.
 *
 * @throws LightsegError for an unknown network or number of classes
 */
export function countCost(
  network: string,
  { classes, size }: { classes: number; size: readonly [height: number, width: number] },
): Cost {
  const { scores, parameters, encoder } = buildNetwork({ network, classes, size: [1, ...size] });
  const count = { encoder: 0, decoder: 0 };
  for (const [name, tensor] of parameters) {
    if (isTrainable(tensor))
      count[encoder.has(name) ? "encoder" : "decoder"] += countValues(fixedShape("countCost", tensor.shape));
  }
  const macs = collect([scores]).reduce((sum, tensor) => sum + tensor.macs(), 0);
  return { parameters: { total: count.encoder + count.decoder, ...count }, macs, flops: 2 * macs, size };
}
