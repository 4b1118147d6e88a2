import { rewriteGraph } from "../graph/rewrite/rewrite.ts";
import { collect, input, type Tensor } from "../graph/tensor.ts";
import type { Network } from "../models/network.ts";

/** A network in two: what its frozen encoder computes, and what is trained. */
export interface SplitNetwork {
  /** What the decoder reads of the encoder, by the name of the head's input. */
  readonly features: ReadonlyMap<string, Tensor>;
  /** The network on those inputs, with the parameters of the decoder alone. */
  readonly head: Network;
}

/**
 * Splits a network where its encoder ends. A tensor lies before the split if the encoder's parameters and the
 * photo are all that it depends on.
 */
export function splitAtEncoder(network: Network): SplitNetwork {
  const { scores, encoder } = network;
  const before = new Set<Tensor>();
  const features = new Map<string, Tensor>();
  const inputsOfHead = new Map<Tensor, Tensor>();
  for (const tensor of collect([scores])) {
    const { leaf, inputs } = tensor;
    const ofEncoder = leaf
      ? leaf.kind === "constant" ||
        tensor === network.image ||
        (leaf.kind === "parameter" && encoder.has(leaf.name))
      : inputs.every((each) => before.has(each));
    if (ofEncoder) {
      before.add(tensor);
      continue;
    }
    for (const read of inputs) {
      if (!before.has(read) || read.leaf || inputsOfHead.has(read)) continue;
      const name = `features${features.size}`;
      features.set(name, read);
      inputsOfHead.set(read, input(name, read.shape, read.dtype));
    }
  }
  const current = rewriteGraph([scores], (tensor, original) => inputsOfHead.get(original) ?? tensor);
  const parameters = new Map([...network.parameters].filter(([name]) => !encoder.has(name)));
  return {
    features,
    head: { ...network, scores: current(scores), parameters, encoder: new Set() },
  };
}
