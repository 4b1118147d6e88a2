import { LightsegError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Backbone, Tap } from "./backbones/backbone.ts";
import { mobilenetV2 } from "./backbones/mobilenet-v2.ts";
import { lightWeightRefineNet } from "./decoders/light-weight-refinenet.ts";
import type { Scope } from "./scope.ts";

export interface NetworkDescription {
  readonly backbone: Backbone;
  /** Feature maps to raw scores. */
  readonly decoder: (scope: Scope, taps: readonly Tap[], classes: number) => Tensor;
  /** Beginnings of the names of the backbone's parameters; all others are the decoder's. */
  readonly encoderPrefix: string;
}

/** The networks that lightseg knows, by name. */
export const networks: Readonly<Record<string, NetworkDescription>> = {
  "refinenet-lw-mobilenet-v2": {
    backbone: mobilenetV2,
    decoder: lightWeightRefineNet,
    encoderPrefix: "layer",
  },
};

/** @throws LightsegError NOT_FOUND, with the known names */
export function findNetwork(name: string): NetworkDescription {
  const network = Object.hasOwn(networks, name) ? networks[name] : undefined;
  if (network) return network;
  throw new LightsegError({
    code: "NOT_FOUND",
    where: "findNetwork",
    argument: "network",
    rule: "must be one of the zoo",
    value: name,
    hint: `known: ${Object.keys(networks).join(", ")}`,
  });
}
