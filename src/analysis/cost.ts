import { checkKeys, checkSize } from "../check.ts";
import { buildNetwork, type NetworkChoice } from "../models/network.ts";
import { type Layer, listLayers } from "./layers.ts";
import { peakActivationBytes } from "./memory.ts";

/** A count for the whole network and for its halves. */
export interface CountByPart {
  readonly total: number;
  readonly encoder: number;
  readonly decoder: number;
}

/** What a network costs at one input size, batch 1, computed from its graph. */
export interface Cost {
  /** Trained values: weights, biases, gamma and beta of batch norm. Stored statistics do not count. */
  readonly parameters: CountByPart;
  /** Parameters by the first part of their names, e.g. `layer4`, in the order of the network. */
  readonly parametersByGroup: Readonly<Record<string, number>>;
  /** Multiply-accumulates of convolutions and matrix products. */
  readonly macs: CountByPart;
  /** Floating-point operations: 2 for each multiply-accumulate. Many papers print MACs under this name. */
  readonly flops: number;
  /** Values that the windows of pooling hold, which some papers add to their count. */
  readonly pooled: number;
  /** Most bytes of feature maps alive at once, float32, batch norm folded. Weights do not count. */
  readonly peakActivationBytes: number;
  /** Input size in pixels that all but the parameters hold for. */
  readonly size: readonly [height: number, width: number];
}

/** Options of `countCost`: the network, its classes, and the size of the input in pixels. */
export type CostOptions = NetworkChoice & { classes: number; size: readonly [height: number, width: number] };

/**
 * Counts parameters, arithmetic and memory of a network.
 *
 * @throws LightsegError NOT_FOUND for an unknown network, INVALID_ARGUMENT for a number of classes out of
 *   range
 */
export function countCost(options: CostOptions): Cost & { readonly layers: readonly Layer[] } {
  checkKeys(options, ["network", "backbone", "decoder", "classes", "size"], "countCost");
  const { size } = options;
  checkSize(size, "countCost");
  const network = buildNetwork({ ...options, size: [1, ...size] });
  const layers = listLayers(network);
  const macs = sumByPart(layers, ({ macs }) => macs);
  return {
    parameters: sumByPart(layers, ({ parameters }) => parameters),
    parametersByGroup: groupParameters(layers),
    macs,
    flops: 2 * macs.total,
    pooled: sumByPart(layers, ({ pooled }) => pooled).total,
    peakActivationBytes: peakActivationBytes([network.scores]),
    size,
    layers,
  };
}

/** Parameters of layers by the first part of their names, in the order of the layers. */
export function groupParameters(layers: readonly Layer[]): Record<string, number> {
  const groups: Record<string, number> = {};
  for (const { name, parameters } of layers) {
    const [group = ""] = name.split(".");
    if (parameters > 0) groups[group] = (groups[group] ?? 0) + parameters;
  }
  return groups;
}

function sumByPart(layers: readonly Layer[], count: (layer: Layer) => number): CountByPart {
  const sum = { encoder: 0, decoder: 0 };
  for (const layer of layers) sum[layer.part] += count(layer);
  return { total: sum.encoder + sum.decoder, ...sum };
}
