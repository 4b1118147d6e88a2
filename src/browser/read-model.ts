import { fromBinary } from "@bufbuild/protobuf";
import { type ErrorCode, LightsegError, messageOf } from "../errors.ts";
import { ModelProtoSchema } from "../graph/onnx/onnx_pb.ts";
import {
  type Model,
  type ModelDescription,
  readDescription,
  requireWeights,
} from "../model-files/description.ts";
import { QUANTIZATION_KEY, type QuantizedModel } from "../model-files/quantized-model.ts";
import { decodeSafetensors } from "../weights/safetensors.ts";

/** A model out of a safetensors file. @throws LightsegError INVALID_WEIGHTS */
export function readModel(bytes: Uint8Array, name: string): Model {
  const { weights, metadata } = decodeSafetensors(bytes, name);
  const description = requireDescription(metadata, name);
  const { network, classes } = description;
  return { ...description, weights: requireWeights(network, classes.length, weights, name) };
}

/** A model that was written by `lightseg quantize`. @throws LightsegError INVALID_WEIGHTS */
export function readQuantized(bytes: Uint8Array, name: string): QuantizedModel {
  try {
    // Not by decodeOnnxWeights: its checks of every tensor are for files from anywhere, and twice the code.
    const { metadataProps } = fromBinary(ModelProtoSchema, bytes);
    const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
    if (metadata[QUANTIZATION_KEY] === undefined)
      throw refuse(
        name,
        "must be a model that `lightseg quantize` has written, or safetensors",
        "INVALID_WEIGHTS",
      );
    return { ...requireDescription(metadata, name), onnx: bytes };
  } catch (error) {
    if (error instanceof LightsegError) throw error;
    throw refuse(name, `is not an ONNX model: ${messageOf(error)}`, "INVALID_WEIGHTS");
  }
}

function requireDescription(metadata: Readonly<Record<string, string>>, name: string): ModelDescription {
  const description = readDescription(metadata, name);
  if (description) return description;
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "Segmenter.load",
    argument: name,
    rule: "does not say which network it belongs to",
    hint: "a model file of lightseg is needed, such as `lightseg train` or `lightseg quantize` writes",
  });
}

/** The error for a model that cannot be loaded here. */
export function refuse(argument: string, rule: string, code: ErrorCode = "INVALID_ARGUMENT"): LightsegError {
  return new LightsegError({ code, where: "Segmenter.load", argument, rule });
}
