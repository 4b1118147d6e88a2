import { LightsegError } from "../errors.ts";
import { buildNetwork, parameterShapes } from "../models/network.ts";
import type { Weights } from "../models/weights.ts";
import { describeMatch, matchWeights, type WeightsMatch } from "../weights/match.ts";

/** More classes than any layer of a network has channels but one: in a network for so many, 255 marks the classifier. */
const MOST_CLASSES = 255;

/** Names and shapes of a network's parameters, by name. */
export type ParameterShapes = ReadonlyMap<string, readonly number[]>;

/**
 * Names and shapes of a network's parameters, for the most classes that there can be. One build of the network serves
 * any number of them: see `shapesFor`.
 *
 * @throws LightsegError NOT_FOUND for an unknown network
 */
export function networkParameters(network: string): ParameterShapes {
  return parameterShapes(buildNetwork({ network, classes: MOST_CLASSES }));
}

/** The shapes for a number of classes, out of what `networkParameters` gave. */
export function shapesFor(classes: number, parameters: ParameterShapes): ParameterShapes {
  return new Map(
    [...parameters].map(([name, [outputs = 0, ...rest]]) => [
      name,
      [outputs === MOST_CLASSES ? classes : outputs, ...rest],
    ]),
  );
}

/** The number of classes that these weights are for; undefined if they do not hold the classifier. */
export function inferClasses(weights: Weights, parameters: ParameterShapes): number | undefined {
  for (const [name, [outputs]] of parameters) {
    const found = weights.get(name)?.shape[0];
    if (outputs === MOST_CLASSES && found !== undefined && found >= 1 && found <= MOST_CLASSES) return found;
  }
  return undefined;
}

export interface RequireWeightsOptions {
  /** The network and the number of its classes, for the message. */
  readonly network: string;
  readonly classes: number;
  /** The function that asks, and the file with the weights where there is one: for the message. */
  readonly where: string;
  readonly file?: string;
}

/**
 * The weights that a network needs, out of those that a file holds.
 *
 * @throws LightsegError INVALID_WEIGHTS if any is missing or has another shape; the hint names them
 */
export function requireWeights(
  shapes: ParameterShapes,
  weights: Weights,
  { network, classes, where, file }: RequireWeightsOptions,
): Weights {
  const match = matchWeights(shapes, weights);
  if (match.missing.length === 0 && match.misshaped.length === 0) return match.used;
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where,
    ...(file !== undefined && { file }),
    argument: "weights",
    rule: `must hold every parameter of ${network} for ${classes} classes`,
    hint: `${classesHint(match)}${oneLine(describeMatch(match, 8))}`,
  });
}

function oneLine(text: string): string {
  return text.replaceAll(":\n  ", ": ").replaceAll("\n  ", ", ").replaceAll("\n", "; ");
}

/** The commonest mistake: a checkpoint of the same network for another number of classes. */
function classesHint({ missing, misshaped }: WeightsMatch): string {
  const [first] = misshaped;
  if (missing.length > 0 || !first || misshaped.some(({ expected, found }) => found[0] === expected[0]))
    return "";
  return `these weights are for ${first.found[0]} classes; `;
}
