import { findLayers } from "../analysis/layers.ts";
import { LightsegError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Block, readInputs } from "../models/block.ts";
import type { Network } from "../models/network.ts";

const BEFORE = "before:";

/**
 * A feature map of a network that was built for a fixed size: `NAME` is what a block or a layer gives,
 * `before:NAME` what it is computed from.
 *
 * @param where the function that the name was given to, for errors
 * @throws LightsegError NOT_FOUND for an unknown name, INVALID_ARGUMENT where several maps lie before a block
 */
export function findTap(network: Network, name: string, where: string): Tensor {
  const isBefore = name.startsWith(BEFORE);
  const place = isBefore ? name.slice(BEFORE.length) : name;
  const block = network.blocks.find((each) => each.name === place);
  if (block) return isBefore ? onlyInput(block, name, where) : block.output;
  for (const [tensor, layer] of findLayers(network)) {
    if (layer.name !== place || place === "") continue;
    const [x] = tensor.inputs;
    return isBefore && x ? x : tensor;
  }
  throw new LightsegError({
    code: "NOT_FOUND",
    where,
    argument: "at",
    value: name,
    rule: "must be a block or layer of the network, or before: and the name of one",
    hint: `blocks: ${network.blocks.map((each) => each.name).join(", ")}; lightseg info --layers has the layers`,
  });
}

function onlyInput(block: Block, name: string, where: string): Tensor {
  const read = readInputs(block);
  const [only, ...others] = read;
  if (only && others.length === 0) return only;
  throw new LightsegError({
    code: "INVALID_ARGUMENT",
    where,
    argument: "at",
    value: name,
    rule: `must not be before: a block that is computed from ${read.length} maps`,
    hint: "name the blocks that they come from",
  });
}
