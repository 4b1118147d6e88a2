import { existsSync } from "node:fs";
import { LightsegError } from "../../errors.ts";
import { vocPalette } from "../../images/palette.ts";
import { buildNetwork, parameterShapes } from "../../models/network.ts";
import type { Weights } from "../../models/weights.ts";
import { findNetwork, isNetwork, networks } from "../../models/zoo.ts";
import { describeMatch, matchWeights } from "../../weights/match.ts";
import { readWeights } from "../../weights/node/read.ts";
import { readNamedWeights } from "../../weights/node/read-named.ts";
import { type Model, type ModelDescription, readDescription, requireWeights } from "../description.ts";
import { QUANTIZATION_KEY } from "../quantized-model.ts";
import { DEFAULT_MODEL, findShippedModel, listShippedModels } from "./shipped.ts";

/** Options of `loadModel`. */
export interface LoadModelOptions {
  /** A shipped model, a model file, or a network of the zoo (which needs `weights`). Defaults to `DEFAULT_MODEL`. */
  model?: string;
  /** PyTorch checkpoint or safetensors with the weights to use instead of the model's own. */
  weights?: string;
  /** Number of classes of a network of the zoo. Defaults to that of its weights. */
  classes?: number;
  /** Told what was used of `weights`, and what was left over. */
  onNote?: (text: string) => void;
}

/**
 * Loads a model and checks that its weights are complete.
 *
 * @throws LightsegError NOT_FOUND for an unknown name, INVALID_WEIGHTS for weights that cannot be read or do not fit,
 *   INVALID_ARGUMENT for options that contradict each other
 */
export async function loadModel({
  model = DEFAULT_MODEL,
  weights,
  classes,
  onNote,
}: LoadModelOptions = {}): Promise<Model> {
  if (isNetwork(model)) return loadNetwork(model, { file: weights, classes, onNote });

  const path = await findModelFile(model);
  const { description, weights: own } = await readModel(path);
  if (classes !== undefined && classes !== description.classes.length) {
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "loadModel",
      argument: "classes",
      rule: `must be ${description.classes.length} for ${model}`,
      value: classes,
    });
  }
  const file = weights ?? path;
  const chosen = { network: description.network, classes: description.classes.length };
  const shapes = parameterShapes(buildNetwork(chosen));
  const { weights: values, others } =
    weights === undefined ? { weights: own, others: [] } : await readNamedWeights(file, shapes);
  const used = requireWeights(chosen.network, chosen.classes, values, file);
  if (weights !== undefined) onNote?.(describeUse(file, shapes, used, others));
  return { ...description, weights: used };
}

function describeUse(
  file: string,
  shapes: ReadonlyMap<string, readonly number[]>,
  used: Weights,
  others: readonly string[],
): string {
  return `${file}: ${describeMatch(matchWeights(shapes, used, others))}`;
}

/** A network of the zoo with weights from a file, which need not say anything about themselves. */
async function loadNetwork(
  network: string,
  { file, classes, onNote }: { file: string | undefined } & Pick<LoadModelOptions, "classes" | "onNote">,
): Promise<Model> {
  if (file === undefined) {
    throw new LightsegError({
      code: "INVALID_ARGUMENT",
      where: "loadModel",
      argument: "weights",
      rule: `must be given for the network ${network}, which has none of its own`,
      hint: `or take a shipped model: ${(await listShippedModels()).join(", ")}`,
    });
  }
  // The names are the same for any number of classes.
  const names = parameterShapes(buildNetwork({ network, classes: 1 }));
  const { weights, metadata, others } = await readNamedWeights(file, names);
  const stored = readDescription(metadata, file);
  const count = classes ?? stored?.classes.length ?? inferClasses(network, weights, file);
  const values = requireWeights(network, count, weights, file);
  onNote?.(describeUse(file, parameterShapes(buildNetwork({ network, classes: count })), values, others));
  if (stored?.network === network && stored.classes.length === count) return { ...stored, weights: values };
  const description: ModelDescription = {
    network,
    classes: Array.from({ length: count }, (_, label) => `class ${label}`),
    palette: vocPalette(count),
    preprocessing: findNetwork(network).backbone.preprocessing,
  };
  return { ...description, weights: values };
}

/** The number of classes is the one by which the parameters of a one-class network are too small. */
function inferClasses(network: string, weights: Weights, file: string): number {
  for (const [name, [outputs]] of parameterShapes(buildNetwork({ network, classes: 1 }))) {
    const found = weights.get(name)?.shape[0];
    if (outputs === 1 && found !== undefined && found >= 1 && found <= 255) return found;
  }
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "loadModel",
    argument: file,
    rule: `must hold the classifier of ${network}`,
  });
}

/** The path of a shipped model, or of a model file. */
export async function findModelFile(model: string): Promise<string> {
  const shipped = await findShippedModel(model);
  if (shipped !== undefined) return shipped;
  if (existsSync(model)) return model;
  throw new LightsegError({
    code: "NOT_FOUND",
    where: "loadModel",
    argument: "model",
    rule: "must be a shipped model, a network or a model file",
    value: model,
    hint: `shipped: ${(await listShippedModels()).join(", ")}; networks: ${Object.keys(networks).join(", ")}`,
  });
}

async function readModel(path: string): Promise<{ description: ModelDescription; weights: Weights }> {
  const { weights, metadata } = await readWeights(path);
  const description = readDescription(metadata, path);
  if (metadata[QUANTIZATION_KEY] !== undefined) {
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "loadModel",
      argument: path,
      rule: "is quantised: it can segment and be evaluated as it is, and has no weights for anything else",
      hint: "take the model that it was made from",
    });
  }
  if (description) return { description, weights };
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "loadModel",
    argument: path,
    rule: "does not say which network it belongs to",
    hint: "name the network: --model NETWORK --weights FILE",
  });
}
