import { readFile, stat } from "node:fs/promises";
import { LightsegError, messageOf } from "../errors.ts";
import { decodePytorch, isPytorch } from "./pytorch.ts";
import { decodeSafetensors } from "./safetensors.ts";
import type { Weights } from "./types.ts";

/**
 * Reads a weight file, a PyTorch checkpoint or safetensors, told apart by content and not by name.
 *
 * `metadata` is empty for a PyTorch checkpoint, which has none.
 *
 * @throws {LightsegError} NOT_FOUND if there is no file to read at `path`, INVALID_WEIGHTS if it is neither format
 *   or damaged.
 */
export async function readWeights(
  path: string,
): Promise<{ weights: Weights; metadata: Record<string, string> }> {
  const bytes = await readBytes(path);
  if (bytes.length === 0) {
    throw new LightsegError({
      code: "INVALID_WEIGHTS",
      where: "readWeights",
      argument: path,
      rule: "is empty",
    });
  }
  if (isPytorch(bytes)) return { weights: decodePytorch(bytes, path), metadata: {} };
  // A safetensors header, behind the 8 bytes of its length, is a JSON object.
  if (bytes[8] !== "{".charCodeAt(0)) {
    const rule = "is neither a safetensors file nor a PyTorch checkpoint";
    throw new LightsegError({ code: "INVALID_WEIGHTS", where: "readWeights", argument: path, rule });
  }
  return decodeSafetensors(bytes, path);
}

async function readBytes(path: string): Promise<Uint8Array> {
  const fail = (rule: string, cause?: unknown): never => {
    throw new LightsegError({ code: "NOT_FOUND", where: "readWeights", argument: path, rule, cause });
  };
  try {
    // Asked first, since reading a pipe or a device may never end.
    const status = await stat(path);
    if (status.isFile()) return await readFile(path);
  } catch (error) {
    return fail(`cannot be read: ${messageOf(error)}`, error);
  }
  return fail("must be a file");
}
