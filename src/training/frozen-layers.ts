import { LightsegError } from "../errors.ts";
import type { Network } from "../models/network.ts";
import type { StageConfig } from "./config.ts";

/**
 * The parameters that stay as they are: the encoder's, and those whose names begin with a layer's, as
 * `layer1.0.weight` with `layer1`.
 *
 * Backpropagation ends at the first layer that is trained. Without the first three layers of MobileNet-v2,
 * whose maps are the largest, a step takes about three quarters of its time.
 *
 * @param settings.freezeLayers parts of names, up to a dot or the end, such as `layer1` or `layer4.1`
 * @throws LightsegError INVALID_ARGUMENT for a layer without parameters, or where nothing is left to train
 */
export function findFrozen(
  { parameters, encoder }: Pick<Network, "parameters" | "encoder">,
  { freezeLayers: layers, freezeEncoder }: Pick<StageConfig, "freezeLayers" | "freezeEncoder">,
): ReadonlySet<string> {
  const names = [...parameters.keys()];
  const isOf = (layer: string) => (name: string) => name === layer || name.startsWith(`${layer}.`);
  const unknown = layers.find((layer) => !names.some(isOf(layer)));
  if (unknown !== undefined) {
    throw refuse(`must be layers of the network, such as ${names[0]?.split(".")[0]}`, unknown);
  }
  const isFrozen = (name: string) =>
    (freezeEncoder && encoder.has(name)) || layers.some((layer) => isOf(layer)(name));
  const frozen = new Set(names.filter(isFrozen));
  if (frozen.size === names.length) throw refuse("must leave layers to train", layers);
  return frozen;
}

function refuse(rule: string, value: unknown): LightsegError {
  return new LightsegError({
    code: "INVALID_ARGUMENT",
    where: "train",
    argument: "freezeLayers",
    rule,
    value,
    hint: "the names of parameters begin with those of their layers",
  });
}
