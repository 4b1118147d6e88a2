import { checkKeys, checkPath } from "../../check.ts";
import { LightsegError } from "../../errors.ts";
import type { Weights } from "../../models/weights.ts";
import { writeFileAtomically } from "../../node/files.ts";
import { checkWeights } from "../invalid.ts";
import { encodeSafetensors, type SafetensorsOptions } from "../safetensors.ts";
import { encodePytorch } from "../torch-write.ts";

/** The formats that weights are written in, and the file names that ask for them. */
const EXTENSIONS = { safetensors: /\.safetensors$/i, PyTorch: /\.(pth|pt|pth\.tar)$/i } as const;

/** A format that weights are written in. */
export type WeightsFormat = keyof typeof EXTENSIONS;

/**
 * The format that a file name asks for: `.safetensors`, or `.pth`, `.pt` and `.pth.tar` for PyTorch.
 *
 * @throws LightsegError INVALID_ARGUMENT for any other name.
 */
export function weightsFormatOf(path: string): WeightsFormat {
  if (EXTENSIONS.safetensors.test(path)) return "safetensors";
  if (EXTENSIONS.PyTorch.test(path)) return "PyTorch";
  throw new LightsegError({
    code: "INVALID_ARGUMENT",
    where: "writeWeights",
    argument: "path",
    rule: "must end in the extension of a format that can be written",
    value: path,
    hint: ".safetensors, or .pth, .pt or .pth.tar for PyTorch",
  });
}

/**
 * Writes tensors as safetensors or, in a file whose name ends in `.pth`, `.pt` or `.pth.tar`, as a PyTorch
 * checkpoint.
 *
 * The file is complete whenever it is there: an old one of that name stays until the new one is on the disk.
 * `metadata` is for safetensors alone: a checkpoint that PyTorch opens with `weights_only` has no place for
 * it.
 *
 * @throws LightsegError INVALID_ARGUMENT for another extension or for metadata that the format cannot hold,
 *   INVALID_WEIGHTS if the tensors cannot be encoded, OUTPUT if the file cannot be written.
 */
export async function writeWeights(
  path: string,
  weights: Weights,
  options: SafetensorsOptions = {},
): Promise<void> {
  checkWeights(weights, "writeWeights");
  checkKeys(options, ["dtype", "metadata"], "writeWeights");
  if (weightsFormatOf(path) === "safetensors") return writeSafetensors(path, weights, options);
  const keys = Object.keys(options.metadata ?? {});
  if (keys.length > 0) {
    throw new LightsegError({
      code: "INVALID_ARGUMENT",
      where: "writeWeights",
      argument: "metadata",
      rule: "must be left out of a PyTorch checkpoint, which has no place for it",
      value: keys,
      hint: "write a .safetensors file to keep it",
    });
  }
  await writeFileAtomically(path, encodePytorch(weights, options));
}

/**
 * Writes tensors as a safetensors file that is complete whenever it is there: an old file of that name stays
 * until the new one is on the disk.
 *
 * @throws LightsegError OUTPUT if the file cannot be written, INVALID_WEIGHTS if the tensors cannot be
 *   encoded.
 */
export async function writeSafetensors(
  path: string,
  weights: Weights,
  options: SafetensorsOptions = {},
): Promise<void> {
  checkPath(path, "writeSafetensors", "path");
  checkWeights(weights, "writeSafetensors");
  checkKeys(options, ["dtype", "metadata"], "writeSafetensors");
  await writeFileAtomically(path, encodeSafetensors(weights, options));
}
