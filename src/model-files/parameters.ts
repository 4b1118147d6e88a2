import { type ErrorDetails, LightsegError } from "../errors.ts";
import { buildNetwork, type Network, parameterShapes } from "../models/network.ts";
import type { Weights } from "../models/weights.ts";
import type { ExpectedNames } from "../weights/choose-names.ts";
import { describeMatch, describeNames, matchWeights, type WeightsMatch } from "../weights/match.ts";

/**
 * A network is built once, for 255 classes. No other layer has 255 outputs, so a first extent of 255 marks
 * the classifier.
 */
const MOST_CLASSES = 255;

/** Names and shapes of a network's parameters, by name. */
export type ParameterShapes = ReadonlyMap<string, readonly number[]>;

/** The parameters of a network for any number of classes. */
export interface NetworkParameters {
  /** For the most classes that there can be: see `shapesFor`. */
  readonly shapes: ParameterShapes;
  /** What a file is searched for. */
  readonly expected: ExpectedNames;
}

/**
 * Names and shapes of a network's parameters. One build of the network serves any number of classes.
 *
 * @throws LightsegError NOT_FOUND for an unknown network
 */
export function networkParameters(network: string): NetworkParameters {
  const built = buildNetwork({ network, classes: MOST_CLASSES });
  return { shapes: parameterShapes(built), expected: expectedNames(built) };
}

/** The names of a network's parameters, as they are searched for in a file. */
export function expectedNames({ parameters, encoder, otherNames }: Network): ExpectedNames {
  return { names: [...parameters.keys()], encoder, ...(otherNames && { otherNames }) };
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
  /** Names of the tensors of the file that are not among the weights. */
  readonly others?: readonly string[];
}

/**
 * The weights of a network, out of a file's.
 *
 * @throws LightsegError INVALID_WEIGHTS if any is missing or has another shape, which the hint names, or
 *   holds a value that cannot be meant: see `checkValues`
 */
export function requireWeights(
  shapes: ParameterShapes,
  weights: Weights,
  { network, classes, where, file, others = [] }: RequireWeightsOptions,
): Weights {
  const match = matchWeights(shapes, weights, others);
  const fault = { code: "INVALID_WEIGHTS", where, ...(file !== undefined && { file }) } as const;
  if (match.missing.length === 0 && match.misshaped.length === 0) {
    checkValues(match.used, fault);
    return match.used;
  }
  throw new LightsegError({
    ...fault,
    argument: "weights",
    rule: `must hold every parameter of ${network} for ${classes} classes`,
    hint: describeNames(match) ?? `${classesHint(match, classes)}${oneLine(describeMatch(match, 8))}`,
  });
}

/**
 * Checks for values that would give wrong labels silently.
 *
 * @throws LightsegError INVALID_WEIGHTS for a value that is NaN or infinite, a negative variance, or whole
 *   numbers
 */
export function checkValues(weights: Weights, fault: Pick<ErrorDetails, "code" | "where" | "file">): void {
  for (const [name, { data, isInteger }] of weights) {
    if (isInteger) {
      const hint = "quantized weights cannot be read: take the model that they were made from";
      const rule = "must hold floating-point numbers, not integers";
      throw new LightsegError({ ...fault, argument: name, rule, hint });
    }
    const isVariance = name.endsWith("running_var");
    const value = data.find((number) => !Number.isFinite(number) || (isVariance && number < 0));
    if (value === undefined) continue;
    const hint = "its training diverged, or the file is damaged";
    const rule = `must hold finite numbers${isVariance ? " of at least 0" : ""}`;
    throw new LightsegError({ ...fault, argument: name, rule, value, hint });
  }
}

function oneLine(text: string): string {
  return text.replaceAll(":\n  ", ": ").replaceAll("\n  ", ", ").replaceAll("\n", "; ");
}

/** The commonest mistake: a checkpoint of the same network for another number of classes. */
function classesHint({ missing, misshaped }: WeightsMatch, classes: number): string {
  const [first] = misshaped;
  const isOther = ({ expected, found }: WeightsMatch["misshaped"][number]) =>
    expected[0] !== classes || found[0] === classes || found[0] !== first?.found[0];
  if (missing.length > 0 || !first || misshaped.some(isOther)) return "";
  return `these weights are for ${first.found[0]} classes; `;
}
