import { LightsegError, messageOf } from "../errors.ts";
import type { Palette } from "../images/types.ts";
import { isRecord } from "../is-record.ts";
import { buildNetwork, parameterShapes } from "../models/network.ts";
import type { Preprocessing } from "../models/preprocessing.ts";
import type { Weights } from "../models/weights.ts";
import { describeMatch, matchWeights, type WeightsMatch } from "../weights/match.ts";

/** What has to be known about a trained network beside its weights; stored in the weights file. */
export interface ModelDescription {
  /** Name in the zoo. */
  readonly network: string;
  /** Class names, in the order of the scores. */
  readonly classes: readonly string[];
  /** A colour for each class. */
  readonly palette: Palette;
  readonly preprocessing: Preprocessing;
}

/** A trained network: all that is needed to segment a photo. */
export interface Model extends ModelDescription {
  /** Every parameter of the network, by its official name. */
  readonly weights: Weights;
}

/** The key of the safetensors metadata that holds a model's description. */
const METADATA_KEY = "lightseg";

/** A model's description as safetensors metadata. */
export function describeModel({
  network,
  classes,
  palette,
  preprocessing,
}: ModelDescription): Record<string, string> {
  return { [METADATA_KEY]: JSON.stringify({ network, classes, palette, preprocessing }) };
}

/**
 * Reads the description back.
 *
 * @returns undefined for weights that lightseg did not write
 * @throws LightsegError INVALID_WEIGHTS if the description is damaged
 */
export function readDescription(
  metadata: Readonly<Record<string, string>>,
  where: string,
): ModelDescription | undefined {
  const text = metadata[METADATA_KEY];
  if (text === undefined) return undefined;
  try {
    return checkDescription(JSON.parse(text));
  } catch (cause) {
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where,
      argument: "model description",
      rule: `cannot be read: ${messageOf(cause).replaceAll(/\s+/g, " ")}`,
      cause,
    });
  }
}

/** By hand: a library for schemas would be a tenth of what browsers load. */
function checkDescription(value: unknown): ModelDescription {
  const { network, classes, palette, preprocessing } = isRecord(value) ? value : {};
  if (typeof network !== "string") throw new TypeError("network must be a name");
  const isNames = (names: unknown): names is string[] =>
    Array.isArray(names) && names.every((name) => typeof name === "string");
  if (!isNames(classes) || classes.length < 1 || classes.length > 255)
    throw new TypeError("classes must be 1 to 255 names");
  if (!Array.isArray(palette) || !palette.every(isTriple))
    throw new TypeError("palette must be colours of 3 numbers");
  const { scale, mean, std } = isRecord(preprocessing) ? preprocessing : {};
  if (typeof scale !== "number" || !isTriple(mean) || !isTriple(std))
    throw new TypeError("preprocessing must have scale, mean and std");
  return { network, classes, palette, preprocessing: { scale, mean, std } };
}

function isTriple(value: unknown): value is [number, number, number] {
  return Array.isArray(value) && value.length === 3 && value.every((part) => typeof part === "number");
}

/**
 * The weights that a network needs, out of those that a file holds.
 *
 * @throws LightsegError INVALID_WEIGHTS if any is missing or has another shape; the hint names them
 */
export function requireWeights(network: string, classes: number, weights: Weights, where: string): Weights {
  const match = matchWeights(parameterShapes(buildNetwork({ network, classes })), weights);
  if (match.missing.length === 0 && match.misshaped.length === 0) return match.used;
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where,
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
