import { checkInteger, checkKeys } from "../check.ts";
import { type Dim, fixedShape, symbol } from "../graph/shape.ts";
import { input, type Tensor } from "../graph/tensor.ts";
import type { OtherNames } from "./backbones/other-names.ts";
import type { Block } from "./block.ts";
import type { AuxiliaryScores, LossTerm } from "./decoders/decoder.ts";
import { type LayerModes, openScope, type RandomInput } from "./scope.ts";
import { findNetwork, nameNetwork } from "./zoo.ts";

/** A network by its name, e.g. `refinenet-lw-50` or `refinenet-lw+resnet-18`, or as decoder and backbone. */
export type NetworkChoice =
  | { network: string; backbone?: undefined; decoder?: undefined }
  | { network?: undefined; backbone: string; decoder: string };

/** What `buildNetwork` builds: the network, its classes and size, and how its layers behave. */
export type NetworkOptions = NetworkChoice &
  LayerModes & {
    /** How many classes it tells apart, 1 to 255: labels are bytes, and 255 is the ignore label. */
    classes: number;
    /** Size of the input `[N, H, W]`. Defaults to symbols, for any size; training needs numbers. */
    size?: readonly [n: Dim, h: Dim, w: Dim];
  };

const OPTIONS = [
  ...(["network", "backbone", "decoder", "classes", "size"] as const),
  ...(["batchNorm", "frozen", "dropout", "auxiliary"] as const),
];

/** A network as a graph. */
export interface Network {
  /** The normalized photo, `[N, 3, H, W]`. */
  readonly image: Tensor;
  /** Raw class scores, `[N, classes, h, w]` at the decoder's resolution. */
  readonly scores: Tensor;
  /** Scores that take part in the loss alone; empty unless built with `auxiliary`. */
  readonly auxiliary: readonly AuxiliaryScores[];
  /** Further terms of the loss; empty unless built with `auxiliary`. */
  readonly lossTerms: readonly LossTerm[];
  /** PyTorch's `align_corners`, where the scores are brought to the photo's size. */
  readonly alignCorners: boolean;
  /** By official name, in the order of use. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Names of the parameters that are the backbone's; all others are the decoder's. */
  readonly encoder: ReadonlySet<string>;
  /** How other libraries name the backbone's parameters, where they differ. */
  readonly otherNames?: OtherNames;
  /** Parts that the literature names, such as CRPs, in the order of computation. */
  readonly blocks: readonly Block[];
  /** What stored statistics become after a training step; empty for frozen batch norm. */
  readonly updates: ReadonlyMap<string, Tensor>;
  /** Further inputs of each training step, such as dropout masks, by name; empty at inference. */
  readonly randomInputs: ReadonlyMap<string, RandomInput>;
}

/** Names and shapes of a network's parameters. */
export function parameterShapes({ parameters }: Network): Map<string, readonly number[]> {
  return new Map([...parameters].map(([name, { shape }]) => [name, fixedShape("parameterShapes", shape)]));
}

/**
 * Builds the graph of a network.
 *
 * @example
 * const { scores } = buildNetwork({ backbone: "resnet-18", decoder: "refinenet-lw", classes: 21 });
 *
 * @throws LightsegError NOT_FOUND for an unknown network, INVALID_ARGUMENT for more classes than a label map
 *   holds
 */
export function buildNetwork(options: NetworkOptions): Network {
  checkKeys(options, OPTIONS, "buildNetwork");
  const {
    classes,
    size = [symbol("N"), symbol("H"), symbol("W")],
    batchNorm,
    frozen,
    dropout,
    auxiliary: withAuxiliary,
  } = options;
  checkInteger(classes, "buildNetwork", "classes", 1, 255);
  const { backbone, decoder } = findNetwork(options.network ?? nameNetwork(options));
  const { scope, shared } = openScope({ batchNorm, frozen, dropout, auxiliary: withAuxiliary });
  const [n, h, w] = size;
  const image = input("image", [n, 3, h, w]);
  const taps = backbone.build(scope, image);
  const encoder = new Set(shared.parameters.keys());
  const { scores, auxiliary = [], lossTerms = [] } = decoder.build(scope, taps, classes);
  const { alignCorners } = decoder;
  const { parameters, updates, randomInputs, blocks } = shared;
  return {
    image,
    scores,
    auxiliary,
    lossTerms,
    alignCorners,
    parameters,
    encoder,
    ...(backbone.otherNames && { otherNames: backbone.otherNames }),
    blocks,
    updates,
    randomInputs,
  };
}
