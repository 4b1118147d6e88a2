import { LightsegError } from "../errors.ts";
import { readDescription } from "../model-files/description.ts";
import type { TrainedSplit } from "../model-files/model.ts";
import { findShippedWeights, readParameters } from "../model-files/node/shipped.ts";
import { checkValues, expectedNames } from "../model-files/parameters.ts";
import { type InitializationScheme, initialValue } from "../models/initialize.ts";
import { type Network, parameterShapes } from "../models/network.ts";
import type { Weights } from "../models/weights.ts";
import { backboneOf } from "../models/zoo.ts";
import { plural } from "../plural.ts";
import { RANDOM_WEIGHTS } from "../training/settings.ts";
import { describeUnwrapping } from "../weights/choose-names.ts";
import { describeMatch, describeNames, matchWeights, type WeightsMatch } from "../weights/match.ts";

/** The shipped weights that a run begins with where none are asked for and the network has their encoder. */
const DEFAULT_WEIGHTS = "imagenet";

/**
 * What a run begins with where nothing is asked for: `imagenet` for a network whose encoder it is, else
 * `none`.
 *
 * @throws LightsegError NOT_FOUND for an unknown network
 */
export async function defaultWeights(network: string): Promise<string> {
  const entry = await findShippedWeights(DEFAULT_WEIGHTS);
  const fits = entry?.kind === "encoder" && entry.backbone === backboneOf(network);
  return fits ? DEFAULT_WEIGHTS : RANDOM_WEIGHTS;
}

/**
 * The parameters that a run begins with: those of a file where they fit, the rest at random.
 *
 * @param options.weights a shipped name, PyTorch checkpoint or safetensors; all is random with `none`
 * @returns the weights, a text that says what was used, missing and left over, and what a model was trained
 *   on before
 * @throws LightsegError NOT_FOUND without such a file, INVALID_WEIGHTS if it cannot be read, none of it fits,
 *   or parameters of the encoder are not in it (a network whose encoder begins at random learns little, so
 *   that must be wanted)
 */
export async function startingWeights(
  network: Network,
  options: {
    weights: string;
    allowRandomEncoder: boolean;
    seed: number;
    scheme?: InitializationScheme;
  },
): Promise<{ weights: Weights; note: string; trainedOn: readonly TrainedSplit[] }> {
  const { weights: source, allowRandomEncoder, seed, scheme } = options;
  const shapes = parameterShapes(network);
  const found = source === RANDOM_WEIGHTS ? undefined : await readParameters(source, expectedNames(network));
  const match = matchWeights(shapes, found?.weights ?? new Map(), found?.others);
  if (found) {
    requireEncoder(network, match, { file: found.file, allowRandomEncoder });
    checkValues(match.used, { code: "INVALID_WEIGHTS", where: "train", file: found.file });
  }
  const weights: Weights = new Map();
  for (const [name, tensor] of network.parameters) {
    weights.set(
      name,
      match.used.get(name) ?? { shape: shapes.get(name) ?? [], data: initialValue(tensor, { seed, scheme }) },
    );
  }
  if (!found) return { weights, note: "all weights begin at random", trainedOn: [] };
  const unwrapping = describeUnwrapping(found.chosen);
  const lines = [`${source}: ${describeStart(network, match)}`, ...(unwrapping ? [unwrapping] : [])];
  const { trainedOn = [] } = readDescription(found.metadata, found.file) ?? {};
  return { weights, note: lines.join("\n"), trainedOn };
}

function requireEncoder(
  { encoder }: Network,
  match: WeightsMatch,
  { file, allowRandomEncoder }: { file: string; allowRandomEncoder: boolean },
): void {
  const { used, unexpected, misshaped } = match;
  const refuse = (rule: string, hint: string, value?: string) =>
    new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "train",
      file,
      argument: "weights",
      rule,
      value,
      hint,
    });
  if (used.size === 0)
    throw refuse(
      "must hold parameters of the network",
      describeNames(match) ??
        `none of its ${unexpected.length + misshaped.length} tensors has the name and shape of one`,
    );
  const lost = [...encoder].filter((name) => !used.has(name));
  if (allowRandomEncoder || lost.length === 0) return;
  throw refuse(
    `must hold the encoder: ${lost.length} of its ${encoder.size} parameters are missing or have another shape`,
    "is it of another backbone? allowRandomEncoder (--allow-random-encoder) goes on with what is there",
    lost.slice(0, 3).join(", "),
  );
}

/** The two common cases in one line; others parameter by parameter. */
function describeStart({ encoder }: Network, match: WeightsMatch): string {
  const { missing, misshaped, unexpected } = match;
  if (unexpected.length === 0 && missing.length === 0 && misshaped.length > 0) {
    const [head] = misshaped;
    const isHead = ({ expected, found }: WeightsMatch["misshaped"][number]) =>
      expected[0] !== found[0] && expected.slice(1).join() === found.slice(1).join();
    if (head && misshaped.every(isHead))
      return `all but the head, which is for ${plural(head.found[0] ?? 0, "class", "classes")}, not ${head.expected[0]}, and begins at random`;
  }
  const isEncoder =
    misshaped.length === 0 && missing.length > 0 && !missing.some((name) => encoder.has(name));
  if (isEncoder && unexpected.length === 0) return "the encoder; the decoder begins at random";
  return describeMatch(match);
}
