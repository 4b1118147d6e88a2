import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LightsegError } from "../../errors.ts";
import { requireUnbundled } from "../../node/bundled.ts";
import { type ByteSource, bytesSource } from "../../weights/byte-source.ts";
import type { ExpectedNames } from "../../weights/choose-names.ts";
import { type NamedWeights, readNamed, withWeightFile } from "../../weights/node/read.ts";
import { quantizedModel } from "../decode.ts";
import { QUANTIZATION_KEY } from "../description.ts";
import {
  findModel,
  findWeights,
  type Manifest,
  type ManifestFile,
  modelNames,
  parseManifest,
} from "../manifest.ts";

/**
 * The folder of the files that come with the package; as far from the sources as from the built files.
 *
 * @throws LightsegError DEPENDENCY in a bundle
 */
export function shippedFolder(): string {
  requireUnbundled("models/");
  // Tools that copy what a server needs find the folder by this expression; webpack would take it for a
  // module.
  return fileURLToPath(new URL(/* webpackIgnore: true */ "../../../models/", import.meta.url));
}

/** The files that come with the package, by name: `models/manifest.json`. */
export async function readManifest(): Promise<Manifest> {
  const path = join(shippedFolder(), "manifest.json");
  return parseManifest(new TextDecoder().decode(await readPackaged(path)), path);
}

/** Names of the models that come with the package. */
export async function listShippedModels(): Promise<string[]> {
  return modelNames(await readManifest());
}

/** The manifest's entry of a model that comes with the package; undefined for another name. */
export async function findShippedModel(name: string) {
  return findModel(await readManifest(), name);
}

/** The manifest's entry of a model, or of an encoder's weights, of this name; undefined for another name. */
export async function findShippedWeights(name: string): Promise<Manifest[string] | undefined> {
  return findWeights(await readManifest(), name);
}

/** A file in memory. */
export interface FileBytes {
  /** Its path. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads a file that comes with the package, once, and checks that its bytes are what the manifest says.
 *
 * @throws LightsegError INVALID_WEIGHTS if the file is missing or has changed
 */
export async function readShipped(entry: ManifestFile, folder = shippedFolder()): Promise<FileBytes> {
  const file = join(folder, entry.file);
  const bytes = await readPackaged(file);
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === entry.sha256) return { file, bytes };
  throw damaged(file, `must have the SHA-256 ${entry.sha256}, not ${found}`);
}

function readPackaged(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: unknown) => {
    throw damaged(file, "must come with the package, and cannot be read", cause);
  });
}

function damaged(file: string, rule: string, cause?: unknown): LightsegError {
  return new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "loadModel",
    file,
    argument: "the file",
    rule,
    hint: "install lightseg again; if only parts of it were copied to a server, see docs/bundling.md",
    cause,
  });
}

/**
 * Reads what weights say about themselves, without their values.
 *
 * @throws LightsegError as `readParameters`
 */
export function readMetadata(weights: string): Promise<Pick<NamedWeights, "metadata" | "file">> {
  return readParameters(weights, { names: [], encoder: new Set() });
}

/**
 * Reads the parameters of a network from a weight file, or from weights that come with the package.
 *
 * @param weights name of a model or of an encoder in the manifest, or a path
 * @param expected names of the parameters, which may have prefixes in the file; those of all other tensors
 *   are listed
 * @throws LightsegError as `readWeights`; INVALID_WEIGHTS for a model in int8
 */
export async function readParameters(weights: string, expected: ExpectedNames): Promise<NamedWeights> {
  const read = async (source: ByteSource, file: string) => {
    const found = await readNamed(source, file, expected);
    if (found.metadata[QUANTIZATION_KEY] !== undefined) throw quantizedModel(file);
    return found;
  };
  const entry = await findShippedWeights(weights);
  if (!entry) return withWeightFile(weights, read);
  const { bytes, file } = await readShipped(entry);
  return read(bytesSource(bytes), file);
}
