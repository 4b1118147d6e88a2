import { checkKeys, checkRange } from "../../check.ts";
import { LightsegError } from "../../errors.ts";
import { buildNetwork, parameterShapes } from "../../models/network.ts";
import type { Weights } from "../../models/weights.ts";
import { averageWeights } from "../../weights/average.ts";
import { describeUnwrapping, unwrapNames } from "../../weights/choose-names.ts";
import { decodeElements } from "../../weights/elements.ts";
import { encodeTensor, type FloatType } from "../../weights/encode-tensor.ts";
import { readSource, withWeightFile } from "../../weights/node/read.ts";
import { type WeightsFormat, weightsFormatOf, writeWeights } from "../../weights/node/write.ts";
import { type Renaming, renameAll } from "../../weights/rename.ts";
import type { ChooseNames } from "../../weights/stored-names.ts";
import { describeModel, requireDescription } from "../description.ts";
import { expectedNames, requireWeights } from "../parameters.ts";
import { readParameters } from "./shipped.ts";

/** Options of `convertWeights`. */
export interface ConvertWeightsOptions {
  /** How values are stored. Defaults to `F32`. */
  readonly dtype?: FloatType;
  /** Keeps only the parameters of a network, and fails if any is missing. Defaults to all tensors. */
  readonly select?: { readonly network: string; readonly classes: number } | undefined;
  /** Chooses tensors of `from`, without `select`. Defaults to all, without what wrappers put before names. */
  readonly choose?: ChooseNames | undefined;
  /** Parts of names that are replaced, in this order: see `Renaming`. Defaults to none. */
  readonly rename?: readonly Renaming[];
  /** A second file: the mean of both files' weights is written. */
  readonly average?: string | undefined;
  /** Written into the model's description, 0..1. Defaults to what the file says. */
  readonly lowConfidence?: number | undefined;
}

const OPTIONS = ["dtype", "select", "choose", "average", "rename", "lowConfidence"] as const;

/** What `convertWeights` wrote. */
export interface ConvertedWeights {
  readonly weights: Weights;
  readonly format: WeightsFormat;
  /** Number of the tensors of the file that were not selected. */
  readonly left: number;
  /** The value that changed most by its new type; undefined if none changed. */
  readonly rounding: { readonly error: number; readonly tensor: string } | undefined;
  /** Names of tensors of whole numbers, such as counters, which are written as floating-point ones. */
  readonly integers: readonly string[];
  /** The wrapper's prefixes that were left out of names, as a sentence; undefined without any. */
  readonly unwrapping: string | undefined;
  /** Keys of the file's metadata that a PyTorch checkpoint cannot hold. */
  readonly metadataLeftOut: readonly string[];
}

/**
 * Writes a weight file in another format or precision. The target's name gives its format: `.safetensors`, or
 * `.pth`, `.pt` and `.pth.tar` for PyTorch. An old file of that name is replaced.
 *
 * @param from a file or folder, as for `readWeights`
 *
 * @example
 * const select = { network: "refinenet-lw-50", classes: 21 };
 * await convertWeights("voc.pth", "voc.safetensors", { select });
 *
 * @throws LightsegError INVALID_ARGUMENT for another extension, INVALID_WEIGHTS or NOT_FOUND for files that
 *   cannot be read or lack parameters, OUTPUT if the target cannot be written
 */
export async function convertWeights(
  from: string,
  to: string,
  options: ConvertWeightsOptions = {},
): Promise<ConvertedWeights> {
  checkKeys(options, OPTIONS, "convertWeights");
  const { dtype = "F32", select, choose, average, rename = [], lowConfidence } = options;
  if (select) checkKeys(select, ["network", "classes"], "convertWeights");
  const format = weightsFormatOf(to);
  if (lowConfidence !== undefined) checkRange(lowConfidence, "convertWeights", "lowConfidence", [0, 1]);
  const read = (file: string, chooseFrom?: ChooseNames) =>
    select ? readSelected(file, select, rename) : readAll(file, rename, chooseFrom);
  const { weights: own, metadata: found, left, chosen } = await read(from, choose);
  const described =
    lowConfidence === undefined ? {} : describeModel({ ...requireDescription(found, from), lowConfidence });
  const metadata = { ...found, ...described };
  const weights = average === undefined ? own : averageWeights(own, (await read(average)).weights, average);
  const kept = format === "safetensors" ? metadata : {};
  await writeWeights(to, weights, { dtype, metadata: kept });
  const metadataLeftOut = Object.keys(metadata).filter((key) => !Object.hasOwn(kept, key));
  const rounding = findLargestRounding(weights, dtype);
  const integers = [...weights].flatMap(([name, { isInteger }]) => (isInteger ? [name] : []));
  const unwrapping = describeUnwrapping(chosen);
  return { weights, format, left, rounding, metadataLeftOut, integers, unwrapping };
}

async function readAll(file: string, renamings: readonly Renaming[], choose: ChooseNames = unwrapNames) {
  const chooseRenamed: ChooseNames = (names) => {
    const chosen = choose(names);
    const renamed = renameAll([...chosen.values()], renamings, file);
    return new Map([...chosen].map(([name, bare]) => [name, renamed.get(bare) ?? bare]));
  };
  const stored = await withWeightFile(file, (source, path) => readSource(source, path, chooseRenamed));
  if (stored.weights.size > 0) return { ...stored, left: 0 };
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "convertWeights",
    file,
    argument: "the file",
    rule: "must hold tensors",
    hint: "a quantized model holds none that can be told from each other: take the model that it was made from",
  });
}

/** The parameters of a network alone; others are not read. */
async function readSelected(
  file: string,
  { network, classes }: { network: string; classes: number },
  renamings: readonly Renaming[],
) {
  const built = buildNetwork({ network, classes });
  const { weights, metadata, others, chosen } = await readParameters(file, {
    ...expectedNames(built),
    rename: (names) => renameAll(names, renamings, file),
  });
  const about = { network, classes, where: "convertWeights", file, others };
  const used = requireWeights(parameterShapes(built), weights, about);
  return { weights: used, metadata, left: others.length, chosen };
}

function findLargestRounding(weights: Weights, type: FloatType): ConvertedWeights["rounding"] {
  let largest: ConvertedWeights["rounding"];
  for (const [name, tensor] of weights) {
    const stored = decodeElements(encodeTensor(name, tensor, type, "convertWeights"), type);
    let error = 0;
    for (let i = 0; i < stored.length; i++) {
      // Infinity and NaN are stored as they are. Their difference is NaN, which counts as no error.
      error = Math.max(error, Math.abs((tensor.data[i] ?? 0) - (stored[i] ?? 0)) || 0);
    }
    if (error > (largest?.error ?? 0)) largest = { error, tensor: name };
  }
  return largest;
}
