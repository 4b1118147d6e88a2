import { lstat } from "node:fs/promises";
import { basename } from "node:path";
import { checkKeys } from "../../check.ts";
import { didYouMean } from "../../did-you-mean.ts";
import { LightsegError, systemCodeOf } from "../../errors.ts";
import type { Weights } from "../../models/weights.ts";
import { isNetwork, networks } from "../../models/zoo.ts";
import { pathOf } from "../../node/files.ts";
import { type ByteSource, bytesSource } from "../../weights/byte-source.ts";
import { describeUnwrapping } from "../../weights/choose-names.ts";
import { describeMatch, describeNames, matchWeights } from "../../weights/match.ts";
import {
  type NamedWeights,
  readSource,
  type StoredWeights,
  withWeightFile,
} from "../../weights/node/read.ts";
import { isOnnx } from "../../weights/onnx.ts";
import { completeModel, decodeQuantized, quantizedModel } from "../decode.ts";
import { readDescription, requireDescription } from "../description.ts";
import { type Dtype, type DtypeRequest, FLOAT_ONLY, INT8_ONLY, resolveDtype } from "../dtype.ts";
import { DEFAULT_MODEL, type ManifestModel } from "../manifest.ts";
import {
  describePlainly,
  isQuantized,
  type Model,
  type ModelDescription,
  type QuantizedModel,
  type RunnableModel,
} from "../model.ts";
import {
  inferClasses,
  networkParameters,
  type ParameterShapes,
  requireWeights,
  shapesFor,
} from "../parameters.ts";
import { findShippedModel, listShippedModels, readParameters, readShipped } from "./shipped.ts";

/** Options of `loadModel`. */
export interface LoadModelOptions {
  /**
   * A shipped model, a model file by its path or file URL or as a Blob, the folder of a training run, whose
   * `best.safetensors` is taken, or a network (needs `weights`). Defaults to `DEFAULT_MODEL`.
   */
  model?: string | URL | Blob;
  /** A PyTorch checkpoint, safetensors or shipped weights to use instead of the model's own. */
  weights?: string;
  /** Number of classes of a network of the zoo. Defaults to that of its weights. */
  classes?: number;
  /** Told what was used of `weights`, and what was left over. */
  onNote?: (text: string) => void;
}

const OPTIONS = ["model", "weights", "classes", "onNote"] as const;

/** Options of `loadRunnableModel`. */
export interface LoadRunnableModelOptions extends LoadModelOptions {
  /**
   * What the network is computed in. fp16 rounds weights and feature maps, which is no faster on CPUs. int8
   * needs a quantized model; shipped models have both forms. `"exact"` is fp32 where there is a choice.
   * Defaults to `"auto"`: int8 where there is such a model, else fp32.
   */
  dtype?: DtypeRequest;
}

/** A model, and what it is to be computed in. */
export interface LoadedModel {
  readonly model: RunnableModel;
  readonly dtype: Dtype;
}

/**
 * Loads a model and checks that its weights are complete.
 *
 * @throws LightsegError NOT_FOUND for an unknown name or a missing file, INVALID_WEIGHTS for weights that
 *   cannot be read or do not fit, INVALID_ARGUMENT for unknown options and those that contradict each other
 */
export async function loadModel(options: LoadModelOptions = {}): Promise<Model> {
  checkKeys(options, OPTIONS, "loadModel");
  const { model } = await load(options, "exact");
  if (!isQuantized(model)) return model;
  throw quantizedModel(nameOf(options.model));
}

/**
 * Loads a model like `loadModel`, or one that `lightseg quantize` has written.
 *
 * @throws LightsegError as `loadModel` does; INVALID_ARGUMENT for a dtype that the model does not come in
 */
export async function loadRunnableModel(options: LoadRunnableModelOptions = {}): Promise<LoadedModel> {
  checkKeys(options, [...OPTIONS, "dtype"], "loadRunnableModel");
  const { dtype = "auto", ...source } = options;
  return load(source, dtype);
}

/** The file that a model is read from: the one in a folder, or the index of shards. */
export function findModelFile(model: string): Promise<string> {
  return withWeightFile(model, (_, file) => file);
}

/** Each file is read once, and its network built once. */
async function load(given: LoadModelOptions, choice: DtypeRequest): Promise<LoadedModel> {
  const model = given.model instanceof Blob ? given.model : nameOrPath(given.model);
  const options = { ...given, model };
  const { weights, classes, onNote } = options;
  const name = nameOf(model);
  if (typeof model === "string" && isNetwork(name)) {
    const dtype = resolveDtype(choice, FLOAT_ONLY, name);
    return { model: await loadNetwork(name, options), dtype };
  }
  const isChanged = weights !== undefined || classes !== undefined;
  const shipped = typeof model === "string" ? await findShippedModel(name) : undefined;
  let stored: Stored;
  let dtype: Dtype;
  if (shipped) {
    const int8 = isChanged ? undefined : shipped.int8;
    dtype = resolveDtype(choice, { float: true, int8: int8 !== undefined }, name);
    stored = await readShippedModel(dtype === "int8" && int8 ? int8 : shipped);
    if (choice === "auto" && dtype === "int8")
      onNote?.("computed in int8, which is fastest on CPUs; dtype fp32 is exact");
  } else {
    stored =
      typeof model === "string"
        ? await withWeightFile(await requireFile(model), decodeStored)
        : await decodeStored(bytesSource(new Uint8Array(await model.arrayBuffer())), name);
    if (stored.file !== name) onNote?.(`of the folder ${name}, ${basename(stored.file)} is taken`);
    if (stored.quantized && isChanged) throw quantizedModel(stored.file);
    dtype = resolveDtype(choice, stored.quantized ? INT8_ONLY : FLOAT_ONLY, name);
  }
  if (stored.quantized) return { model: stored.quantized, dtype };
  return { model: await finish(stored, options), dtype };
}

function nameOrPath(model: string | URL = DEFAULT_MODEL): string {
  const hint = "or the name of a shipped model or a network, or a Blob: await (await fetch(address)).blob()";
  return pathOf(model, "loadModel", "model", hint);
}

/** What messages call a model. */
function nameOf(model: string | URL | Blob = DEFAULT_MODEL): string {
  if (model instanceof Blob) return model instanceof File ? model.name : "the model";
  return String(model);
}

/** What a model file holds. */
type Stored =
  | { readonly file: string; readonly quantized: QuantizedModel }
  | (StoredWeights & { readonly file: string; readonly quantized?: undefined });

async function readShippedModel(entry: Omit<ManifestModel, "kind">): Promise<Stored> {
  const { file, bytes } = await readShipped(entry);
  return decodeStored(bytesSource(bytes), file);
}

/** @param source read once: an ONNX model is told from its first bytes, and then read as a whole */
async function decodeStored(source: ByteSource, file: string): Promise<Stored> {
  if (!isOnnx(source.read(0, Math.min(source.size, 16))))
    return { ...(await readSource(source, file)), file };
  const bytes = source.read(0, source.size);
  const quantized = decodeQuantized(bytes, file);
  return quantized ? { file, quantized } : { ...(await readSource(bytesSource(bytes), file)), file };
}

/** The model of a file, with other weights where such are asked for. */
async function finish(
  stored: StoredWeights & { file: string },
  { model, weights, classes, onNote }: LoadModelOptions,
): Promise<Model> {
  const description = requireDescription(stored.metadata, stored.file);
  const count = description.classes.length;
  if (classes !== undefined && classes !== count) {
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "loadModel",
      argument: "classes",
      rule: `must be ${count} for ${nameOf(model)}`,
      value: classes,
    });
  }
  if (weights === undefined) return completeModel(stored, stored.file);
  const { shapes, expected } = networkParameters(description.network);
  const found = await readParameters(weights, expected);
  return { ...description, weights: useWeights(shapes, found, { description, onNote }) };
}

/** A network of the zoo with weights from a file, which need not say anything about themselves. */
async function loadNetwork(network: string, { weights, classes, onNote }: LoadModelOptions): Promise<Model> {
  if (weights === undefined) {
    throw new LightsegError({
      code: "INVALID_ARGUMENT",
      where: "loadModel",
      argument: "weights",
      rule: `must be given for the network ${network}, which has none of its own`,
      hint: `or take a shipped model: ${(await listShippedModels()).join(", ")}`,
    });
  }
  const { shapes, expected } = networkParameters(network);
  const found = await readParameters(weights, expected);
  const stored = readDescription(found.metadata, found.file);
  const count = classes ?? stored?.classes.length ?? inferClasses(found.weights, shapes);
  if (count === undefined) throw noClassifier(network, found, shapes);
  const description =
    stored?.network === network && stored.classes.length === count ? stored : describePlainly(network, count);
  return { ...description, weights: useWeights(shapes, found, { description, onNote }) };
}

function useWeights(
  parameters: ParameterShapes,
  { weights, others, file, chosen }: NamedWeights,
  { description, onNote }: { description: ModelDescription } & Pick<LoadModelOptions, "onNote">,
): Weights {
  const { network, classes } = description;
  const shapes = shapesFor(classes.length, parameters);
  const about = { network, classes: classes.length, where: "loadModel", file, others };
  const used = requireWeights(shapes, weights, about);
  onNote?.(`${file}: ${describeMatch(matchWeights(shapes, used, others))}`);
  const unwrapping = describeUnwrapping(chosen);
  if (unwrapping !== undefined) onNote?.(`${file}: ${unwrapping}`);
  return used;
}

function noClassifier(
  network: string,
  { weights, others, file }: NamedWeights,
  shapes: ParameterShapes,
): LightsegError {
  const match = matchWeights(shapes, weights, others);
  const hint = describeNames(match);
  return new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "loadModel",
    file,
    argument: "weights",
    rule: `must hold ${hint ? "parameters" : "the classifier"} of ${network}`,
    hint: hint ?? `${match.used.size} of ${shapes.size} parameters are there: training can begin with them`,
  });
}

/** @throws LightsegError NOT_FOUND for a name that nothing has; a path to nothing fails when it is read */
async function requireFile(model: string): Promise<string> {
  const isThere = await lstat(model).then(
    () => true,
    (cause: unknown) => !["ENOENT", "ENOTDIR"].includes(systemCodeOf(cause)),
  );
  if (isThere || /[./\\]/.test(model)) return model;
  const shipped = await listShippedModels();
  const known = `shipped: ${shipped.join(", ")}; networks: ${Object.keys(networks).join(", ")}`;
  throw new LightsegError({
    code: "NOT_FOUND",
    where: "loadModel",
    argument: "model",
    rule: "must be a shipped model, a network or a model file",
    value: model,
    hint: `${didYouMean(model, [...shipped, ...Object.keys(networks)])} ${known}`.trimStart(),
  });
}
