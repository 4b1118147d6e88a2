import { LightsegError, messageOf } from "../errors.ts";
import { isRecord } from "../is-record.ts";
import { findNetwork } from "../models/zoo.ts";
import { descriptionOf, type ModelDescription, placeholderClass, type TrainedSplit } from "./model.ts";

/** The key of a model file's metadata that holds the model's description. */
const METADATA_KEY = "lightseg";

/** The key of an ONNX model's metadata that says that it is quantized, and how. */
export const QUANTIZATION_KEY = "lightseg:quantization";

/**
 * The version of the description that is written. Files of version 0, written before there were versions, do
 * not say it, nor `alignCorners` and `placeholderClasses`.
 */
export const FORMAT_VERSION = 1;

/** A model's description as metadata of its file. */
export function describeModel(model: ModelDescription): Record<string, string> {
  return { [METADATA_KEY]: JSON.stringify({ version: FORMAT_VERSION, ...descriptionOf(model) }) };
}

/**
 * Reads the description back.
 *
 * @param file names the file in errors
 * @returns undefined for weights that lightseg did not write
 * @throws LightsegError INVALID_WEIGHTS if the description is damaged, or of a newer version
 */
export function readDescription(
  metadata: Readonly<Record<string, string>>,
  file: string,
): ModelDescription | undefined {
  const text = metadata[METADATA_KEY];
  if (text === undefined) return undefined;
  try {
    return checkDescription(JSON.parse(text), file);
  } catch (cause) {
    if (cause instanceof LightsegError && cause.details.file === file) throw cause;
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "readDescription",
      file,
      argument: "model description",
      rule: `cannot be read: ${reasonOf(cause).replaceAll(/\s+/g, " ")}`,
      cause,
    });
  }
}

/** Without the name of the function that noticed. */
function reasonOf(cause: unknown): string {
  const { where } = cause instanceof LightsegError ? cause.details : {};
  return messageOf(cause).slice(where === undefined ? 0 : where.length + 2);
}

/**
 * The same for a model file, which must have one.
 *
 * @throws LightsegError INVALID_WEIGHTS
 */
export function requireDescription(
  metadata: Readonly<Record<string, string>>,
  file: string,
): ModelDescription {
  const description = readDescription(metadata, file);
  if (description) return description;
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "loadModel",
    file,
    argument: "the file",
    rule: "does not say which network it belongs to",
    hint: "name the network, and give this file as its weights",
  });
}

/** By hand: a library for schemas would be a tenth of what browsers load. */
function checkDescription(value: unknown, file: string): ModelDescription {
  const stored = isRecord(value) ? value : {};
  const { version = 0, network, classes, palette, preprocessing, lowConfidence, trainedOn } = stored;
  if (!(Number(version) <= FORMAT_VERSION)) throw newer(version, file);
  const { scale, mean, std } = isRecord(preprocessing) ? preprocessing : {};
  if (
    typeof network !== "string" ||
    !isArrayOf(classes, isText) ||
    classes.length < 1 ||
    classes.length > 255 ||
    !isArrayOf(palette, isTriple) ||
    palette.length !== classes.length ||
    typeof scale !== "number" ||
    !isTriple(mean) ||
    !isTriple(std)
  )
    throw new TypeError(
      "it must name a network and 1 to 255 classes, with a palette of 3 numbers for each, and scale, mean and std",
    );
  const {
    alignCorners = findNetwork(network).decoder.alignCorners,
    placeholderClasses = version === 0 && classes.every((name, label) => name === placeholderClass(label)),
  } = stored;
  return descriptionOf({
    network,
    classes,
    palette,
    preprocessing: { scale, mean, std },
    alignCorners: alignCorners === true,
    placeholderClasses: placeholderClasses === true,
    ...(typeof lowConfidence === "number" && { lowConfidence }),
    ...(isArrayOf(trainedOn, isTrainedSplit) && { trainedOn }),
  });
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTrainedSplit(value: unknown): value is TrainedSplit {
  return isRecord(value) && typeof value.dataset === "string" && typeof value.split === "string";
}

function isArrayOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}

function newer(version: unknown, file: string): LightsegError {
  return new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "readDescription",
    file,
    argument: "the version of the model description",
    rule: `must be at most ${FORMAT_VERSION}`,
    value: version,
    hint: "a newer lightseg wrote this file: update lightseg",
  });
}

function isTriple(value: unknown): value is [number, number, number] {
  return Array.isArray(value) && value.length === 3 && value.every((part) => typeof part === "number");
}
