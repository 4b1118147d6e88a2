import { LightsegError } from "../errors.ts";
import type { Backbone } from "./backbones/backbone.ts";
import { mobilenetV2 } from "./backbones/mobilenet-v2.ts";
import { nasnetMobile } from "./backbones/nasnet-mobile.ts";
import { ndnet } from "./backbones/ndnet.ts";
import { resnet } from "./backbones/resnet.ts";
import { van } from "./backbones/van.ts";
import type { Decoder } from "./decoders/decoder.ts";
import { frm, frmWith } from "./decoders/frm.ts";
import { hypercolumn } from "./decoders/hypercolumn.ts";
import { lightWeightRefineNetMobile } from "./decoders/light-weight-refinenet-mobile.ts";
import { ndnetEncoderDecoder, ndnetFcn8, ndnetFcn32 } from "./decoders/ndnet.ts";
import {
  lightWeightRefineNet,
  lightWeightRefineNetWithoutCrp,
  lightWeightRefineNetWithRcu,
  refineNet,
  refineNetWithoutRcu,
} from "./decoders/refinenet.ts";

export const backbones: Readonly<Record<string, Backbone>> = {
  "mobilenet-v2": mobilenetV2,
  "nasnet-mobile": nasnetMobile,
  ndnet29: ndnet(29),
  ndnet29w: ndnet("29w"),
  ndnet45: ndnet(45),
  "ndnet45-os16": ndnet(45, { outputStride: 16 }),
  "ndnet45-os8": ndnet(45, { outputStride: 8 }),
  ndnet61: ndnet(61),
  "resnet-18": resnet(18),
  "resnet-34": resnet(34),
  "resnet-50": resnet(50),
  "resnet-101": resnet(101),
  "resnet-152": resnet(152),
  "van-b0": van("b0"),
  "van-b1": van("b1"),
  "van-b2": van("b2"),
};

export const decoders: Readonly<Record<string, Decoder>> = {
  frm,
  hypercolumn,
  "ndnet-ende": ndnetEncoderDecoder,
  "ndnet-fcn32": ndnetFcn32,
  "ndnet-fcn8": ndnetFcn8,
  "refinenet-lw": lightWeightRefineNet,
  "refinenet-lw-mobile": lightWeightRefineNetMobile(),
  "refinenet-lw-mobile-96": lightWeightRefineNetMobile({ width: 96 }),
  "refinenet-lw-rcu": lightWeightRefineNetWithRcu,
  refinenet: refineNet,
};

/** Decoders with a part left out, by which papers show what it does; only their tables list them. */
export const ablations: Readonly<Record<string, Decoder>> = {
  "frm-no-contrast": frmWith({ contrast: false }),
  "frm-no-module": frmWith({ contrast: false, module: false }),
  "refinenet-lw-no-crp": lightWeightRefineNetWithoutCrp,
  "refinenet-no-rcu": refineNetWithoutRcu,
};

/** The networks of the literature, by name: a decoder on a backbone, as `decoder+backbone`. */
export const networks: Readonly<Record<string, string>> = {
  "refinenet-lw-50": "refinenet-lw+resnet-50",
  "refinenet-lw-101": "refinenet-lw+resnet-101",
  "refinenet-lw-152": "refinenet-lw+resnet-152",
  "refinenet-lw-mobilenet-v2": "refinenet-lw-mobile+mobilenet-v2",
  "refinenet-lw-nasnet-mobile": "refinenet-lw-mobile+nasnet-mobile",
  "refinenet-lw-rcu-50": "refinenet-lw-rcu+resnet-50",
  "refinenet-lw-rcu-101": "refinenet-lw-rcu+resnet-101",
  "refinenet-lw-rcu-152": "refinenet-lw-rcu+resnet-152",
  "refinenet-50": "refinenet+resnet-50",
  "refinenet-101": "refinenet+resnet-101",
  "refinenet-152": "refinenet+resnet-152",
  ndnet45: "ndnet-ende+ndnet45-os16",
  "ndnet45-fcn8": "ndnet-fcn8+ndnet45",
  "ndnet45-fcn32": "ndnet-fcn32+ndnet45",
  "ndnet29-fcn32": "ndnet-fcn32+ndnet29",
  "ndnet29w-fcn32": "ndnet-fcn32+ndnet29w",
  "ndnet61-fcn32": "ndnet-fcn32+ndnet61",
  "frm-van-b0": "frm+van-b0",
  "frm-van-b1": "frm+van-b1",
};

export interface NetworkParts {
  readonly backbone: Backbone;
  readonly decoder: Decoder;
}

/**
 * The two halves of a network: one of the table, or any decoder on any backbone, as `decoder+backbone`.
 *
 * @throws LightsegError NOT_FOUND, with the known names
 */
export function findNetwork(name: string): NetworkParts {
  const parts = lookUp(name);
  if (parts) return parts;
  throw new LightsegError({
    code: "NOT_FOUND",
    where: "findNetwork",
    argument: "network",
    rule: "must be one of the zoo, or DECODER+BACKBONE",
    value: name,
    hint: `known: ${list(networks)}; decoders: ${list(decoders)}; backbones: ${list(backbones)}`,
  });
}

/** The name of a decoder on a backbone: that of the table where it has one, else `decoder+backbone`. */
export function nameNetwork({ backbone, decoder }: { backbone: string; decoder: string }): string {
  const pair = `${decoder}+${backbone}`;
  return Object.keys(networks).find((name) => networks[name] === pair) ?? pair;
}

/** The name of a network's backbone. @throws LightsegError NOT_FOUND */
export function backboneOf(network: string): string {
  findNetwork(network);
  return partNames(network).backbone;
}

/** Whether `findNetwork` would find it. */
export function isNetwork(name: string): boolean {
  return lookUp(name) !== undefined;
}

function lookUp(name: string): NetworkParts | undefined {
  const names = partNames(name);
  const decoder = entry(decoders, names.decoder) ?? entry(ablations, names.decoder);
  const backbone = entry(backbones, names.backbone);
  return decoder && backbone ? { backbone, decoder } : undefined;
}

function partNames(network: string): { decoder: string; backbone: string } {
  const [decoder = "", ...rest] = (entry(networks, network) ?? network).split("+");
  return { decoder, backbone: rest.join("+") };
}

function entry<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function list(table: Readonly<Record<string, unknown>>): string {
  return Object.keys(table).join(", ");
}
