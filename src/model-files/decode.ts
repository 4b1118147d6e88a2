import { LightsegError } from "../errors.ts";
import type { Weights } from "../models/weights.ts";
import { readOnnxMetadata } from "../weights/onnx.ts";
import { decodeSafetensors } from "../weights/safetensors.ts";
import { QUANTIZATION_KEY, requireDescription } from "./description.ts";
import type { Model, QuantizedModel } from "./model.ts";
import { networkParameters, requireWeights, shapesFor } from "./parameters.ts";

/**
 * A model out of the bytes of a safetensors file.
 *
 * @param file names it in errors
 * @throws LightsegError INVALID_WEIGHTS
 */
export function decodeModel(bytes: Uint8Array, file: string): Model {
  return completeModel(decodeSafetensors(bytes, file), file);
}

/**
 * A model in int8 out of the bytes of its ONNX file; undefined for an ONNX model of another kind.
 *
 * @throws LightsegError INVALID_WEIGHTS
 */
export function decodeQuantized(bytes: Uint8Array, file: string): QuantizedModel | undefined {
  const metadata = readOnnxMetadata(bytes, file);
  if (metadata[QUANTIZATION_KEY] === undefined) return undefined;
  return { ...requireDescription(metadata, file), onnx: bytes };
}

/**
 * The model that a file describes, with those of its weights that the network has.
 *
 * @throws LightsegError INVALID_WEIGHTS if the file does not describe a model, or lacks a weight
 */
export function completeModel(
  { weights, metadata }: { weights: Weights; metadata: Readonly<Record<string, string>> },
  file: string,
): Model {
  const description = requireDescription(metadata, file);
  const { network } = description;
  const classes = description.classes.length;
  const shapes = shapesFor(classes, networkParameters(network).shapes);
  return {
    ...description,
    weights: requireWeights(shapes, weights, { network, classes, where: "loadModel", file }),
  };
}

/** The error for a model in int8 where its weights are asked for. */
export function quantizedModel(file: string): LightsegError {
  return new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "loadModel",
    file,
    argument: "the model",
    rule: "is quantized: it can segment and be evaluated as it is, and has no weights for anything else",
    hint: "take the model that it was made from",
  });
}
