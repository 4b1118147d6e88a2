import { readFile } from "node:fs/promises";
import { LightsegError } from "../../errors.ts";
import { isNetwork } from "../../models/zoo.ts";
import { readWeights } from "../../weights/node/read.ts";
import { readDescription } from "../description.ts";
import type { Dtype, DtypeChoice } from "../dtype.ts";
import { QUANTIZATION_KEY, type QuantizedModel, type RunnableModel } from "../quantized-model.ts";
import { findModelFile, type LoadModelOptions, loadModel } from "./load-model.ts";
import { DEFAULT_MODEL, findShippedModel } from "./shipped.ts";

/** Options of `loadRunnableModel`. */
export interface LoadRunnableModelOptions extends LoadModelOptions {
  /**
   * What the network is computed in. fp16 rounds weights and feature maps to it, which CPUs do not do faster. int8 needs a model that
   * was quantised: shipped ones are there in both. Defaults to `"auto"`: int8 where there is such a model, else fp32.
   */
  dtype?: DtypeChoice;
}

/** A model, and what it is to be computed in. */
export interface LoadedModel {
  readonly model: RunnableModel;
  readonly dtype: Dtype;
}

/**
 * Loads a model like `loadModel`, or one that `lightseg quantize` has written.
 *
 * @throws LightsegError as `loadModel` does; INVALID_ARGUMENT for a dtype that the model does not have
 */
export async function loadRunnableModel({
  dtype = "auto",
  ...options
}: LoadRunnableModelOptions = {}): Promise<LoadedModel> {
  const quantized = await findQuantized(options, dtype);
  if (quantized && (dtype === "auto" || dtype === "int8")) {
    if (dtype === "auto")
      options.onNote?.("computed in int8, which is fastest on CPUs; --dtype fp32 is exact");
    return { model: quantized, dtype: "int8" };
  }
  const name = options.model ?? DEFAULT_MODEL;
  if (dtype === "int8") {
    const rule = `must not be int8 for ${name}, which is not quantised`;
    throw refuse(rule, "lightseg quantize writes a model in int8");
  }
  if (quantized) {
    throw refuse(`must be int8 for ${name}, which is quantised`, "take the model that it was made from");
  }
  // Where there is nothing to choose from, nothing is said.
  return { model: await loadModel(options), dtype: dtype === "auto" ? "fp32" : dtype };
}

/** The quantised form of a model, where it has one and neither other weights nor another dtype are asked for. */
async function findQuantized(
  { model = DEFAULT_MODEL, weights, classes }: LoadModelOptions,
  dtype: DtypeChoice,
): Promise<QuantizedModel | undefined> {
  if (weights !== undefined || classes !== undefined || isNetwork(model)) return undefined;
  if (/\.onnx$/i.test(model)) return readQuantized(await findModelFile(model));
  if (dtype !== "auto" && dtype !== "int8") return undefined;
  const path = await findShippedModel(model, { dtype: "int8" });
  return path === undefined ? undefined : readQuantized(path);
}

/** @returns undefined for ONNX files of another kind */
async function readQuantized(path: string): Promise<QuantizedModel | undefined> {
  const { metadata } = await readWeights(path);
  const description = readDescription(metadata, path);
  if (!description || metadata[QUANTIZATION_KEY] === undefined) return undefined;
  return { ...description, onnx: await readFile(path) };
}

function refuse(rule: string, hint: string): LightsegError {
  return new LightsegError({ code: "INVALID_ARGUMENT", where: "loadModel", argument: "dtype", rule, hint });
}
