import { convolutionOp } from "../graph/ops/convolution.ts";
import { batchNormOp } from "../graph/ops/normalization.ts";
import { countValues, fixedShape } from "../graph/shape.ts";
import { collect, isTrainable, type Tensor } from "../graph/tensor.ts";
import type { Network } from "../models/network.ts";

/** One layer of a network at one input size: an op with what it holds and costs. */
export interface Layer {
  /** Where its parameters lie, e.g. `layer3.4.conv2`; empty for a layer that has none. */
  readonly name: string;
  readonly part: "encoder" | "decoder";
  readonly op: string;
  /** What the op is set to, e.g. `3x3, stride 2`; empty where there is nothing to say. */
  readonly detail: string;
  readonly input: readonly number[];
  readonly output: readonly number[];
  /** Trained values, those of the batch norm behind a convolution included. */
  readonly parameters: number;
  /** Multiply-accumulates of convolutions and matrix products. */
  readonly macs: number;
  /** Values that the windows of a pooling hold, which some papers count as operations. */
  readonly pooled: number;
}

/**
 * The layers of a network that was built for a fixed size: all ops that hold parameters, do arithmetic that
 * counts, pool or resize. Sums over them are the network's totals.
 */
export function listLayers(network: Network): Layer[] {
  return [...findLayers(network).values()];
}

/** The layers of `listLayers`, by the tensor that each computes. */
export function findLayers({ scores, encoder }: Network): ReadonlyMap<Tensor, Layer> {
  const tensors = collect([scores]);
  const inDecoder = new Set<Tensor>();
  const counted = new Set<Tensor>();
  const layers = new Map<Tensor, Layer>();

  for (const tensor of tensors) {
    const { leaf, inputs } = tensor;
    const ofDecoder =
      leaf?.kind === "parameter" ? !encoder.has(leaf.name) : inputs.some((x) => inDecoder.has(x));
    if (ofDecoder) inDecoder.add(tensor);
    if (leaf) continue;

    const own = inputs.filter((input) => isTrainable(input) && !counted.has(input));
    for (const parameter of own) counted.add(parameter);
    const parameters = own.reduce((sum, { shape }) => sum + valuesOf(shape), 0);
    const [x] = inputs;
    const before = x && layers.get(x);
    if (x && before && batchNormOp.made(tensor) && convolutionOp.made(x)) {
      layers.set(x, { ...before, parameters: before.parameters + parameters });
      continue;
    }
    const macs = tensor.macs();
    const detail = tensor.describe();
    if (parameters === 0 && macs === 0 && detail === undefined) continue;
    layers.set(tensor, {
      name: placeOf(own[0]),
      part: ofDecoder ? "decoder" : "encoder",
      op: tensor.op,
      detail: detail ?? "",
      input: fixedShape("listLayers", x?.shape ?? []),
      output: fixedShape("listLayers", tensor.shape),
      parameters,
      macs,
      pooled: tensor.pooledValues(),
    });
  }
  return layers;
}

function valuesOf(shape: Tensor["shape"]): number {
  return countValues(fixedShape("listLayers", shape));
}

/** A parameter's name without its last part. */
function placeOf(parameter: Tensor | undefined): string {
  if (parameter?.leaf?.kind !== "parameter") return "";
  return parameter.leaf.name.split(".").slice(0, -1).join(".");
}
