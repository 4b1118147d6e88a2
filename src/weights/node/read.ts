import { open, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { checkKeys, checkPath } from "../../check.ts";
import { LightsegError } from "../../errors.ts";
import type { Weights } from "../../models/weights.ts";
import { describeKind } from "../../node/file-kind.ts";
import { unreadableRule } from "../../node/files.ts";
import type { ByteSource } from "../byte-source.ts";
import { chooseExpected, type ExpectedNames, unwrapNames } from "../choose-names.ts";
import { refuseWeights } from "../invalid.ts";
import { decodeOnnxWeights, isOnnx } from "../onnx.ts";
import { isPytorch, readPytorch } from "../pytorch.ts";
import { readSafetensors } from "../safetensors.ts";
import { decodeShardIndex, readShard } from "../safetensors-shards.ts";
import { type ChooseNames, type ChosenNames, flatNames, takeChosen } from "../stored-names.ts";
import { fileSource } from "./file-source.ts";

/** What files in a folder are taken for weights, where a folder is given. */
const INDEX_NAME = /\.safetensors\.index\.json$/i;
const WEIGHTS_NAME = /\.(safetensors|pth|pt|pth\.tar|bin|onnx)$/i;

/** In the folder of a training run: the weights that validated best, and what the run began with. */
export const BEST_WEIGHTS = "best.safetensors";
export const RUN_ORIGIN = "origin.json";

/** The most bytes of an index of shards: as many as a safetensors header may have. */
const MAX_INDEX = 100_000_000;
/** Bytes that tell the formats apart. */
const START_SIZE = 16;
const OPENING_BRACE = "{".charCodeAt(0);

/** Options of `readWeights`. */
export interface ReadWeightsOptions {
  /**
   * Which tensors to read, asked once for the name of each, without wrappers; others stay on the disk, but
   * for those of ONNX. All by default.
   */
  only?: (name: string) => boolean;
}

/** What a weight file holds. */
export interface StoredWeights {
  weights: Weights;
  /** Texts by key; empty for a PyTorch checkpoint, which has none. */
  metadata: Record<string, string>;
}

/** The tensors read from a weight file, and their names there. */
interface ReadSource extends StoredWeights {
  chosen: ChosenNames;
}

/** The parameters of a network, and the names of the rest. */
export interface NamedWeights extends ReadSource {
  /** Names of the tensors that were not read, as the file has them. */
  others: string[];
  /** The path of the file. */
  file: string;
}

/**
 * Reads a weight file, told apart by content and not by name: a PyTorch checkpoint of any version since
 * 0.1.10, safetensors, the index of safetensors files beside it (`model.safetensors.index.json`), or the
 * initializers of an ONNX model. What says how the network was wrapped, as by `torch.compile` or
 * `DataParallel`, is left out of the names.
 *
 * A folder stands for the one index in it, or else for the `best.safetensors` of a training run, or the one
 * weight file. `metadata` is empty for a PyTorch checkpoint, which has none.
 *
 * @throws LightsegError NOT_FOUND if there is no file to read at `path`, INVALID_WEIGHTS if it is of no such
 *   format or damaged, or if its tensors would take more than twice its size in memory.
 */
export async function readWeights(path: string, options: ReadWeightsOptions = {}): Promise<StoredWeights> {
  checkKeys(options, ["only"], "readWeights");
  const { only = () => true } = options;
  const { weights, metadata } = await withWeightFile(path, (source, file) =>
    readSource(source, file, (names) => {
      const unwrapped = [...unwrapNames(names)];
      return new Map(unwrapped.filter(([, name]) => only(name)));
    }),
  );
  return { weights, metadata };
}

/** Opens the weight file at a path, or the one in a folder, as `readWeights` does. */
export async function withWeightFile<T>(
  path: string,
  use: (source: ByteSource, file: string) => T | Promise<T>,
): Promise<T> {
  return withFile(await findFile(path), use);
}

/**
 * `readWeights` for an open file, or for bytes in memory.
 *
 * @param file its path: names it in errors, and its folder has the other files of sharded weights
 */
export function readSource(
  source: ByteSource,
  file: string,
  choose: ChooseNames = unwrapNames,
): ReadSource | Promise<ReadSource> {
  if (source.size === 0) refuseWeights(file, "the file", "is empty");
  const start = source.read(0, Math.min(source.size, START_SIZE));
  if (isPytorch(start)) return { ...readPytorch(source, file, choose), metadata: {} };
  if (isSafetensors(start)) return readSafetensors(source, file, choose);
  if (isOnnx(start)) return readOnnx(source, file, choose);
  if (isJson(start) && source.size <= MAX_INDEX) return readShards(source, file, choose);
  const rule = "is not a PyTorch checkpoint, a safetensors file or an ONNX model";
  refuseWeights(file, "the file", rule, { hint: describeKind(start) });
}

/** Reads a network's parameters, whatever their prefix, and lists the names of all other tensors. */
export async function readNamed(
  source: ByteSource,
  file: string,
  expected: ExpectedNames,
): Promise<NamedWeights> {
  const chooseNames = chooseExpected(expected);
  let others: string[] = [];
  const choose: ChooseNames = (names) => {
    const chosen = chooseNames(names);
    const isMain = names.main.some((name) => chosen.has(name));
    others = (isMain ? names.main : names.all).filter((name) => !chosen.has(name));
    return chosen;
  };
  const found = await readSource(source, file, choose);
  expected.otherNames?.complete?.(found.weights);
  return { ...found, others, file };
}

/** A safetensors file starts with its header's length, whose upper bytes are 0, and then a brace. */
function isSafetensors(start: Uint8Array): boolean {
  return start[7] === 0 && start[8] === OPENING_BRACE;
}

function isJson(start: Uint8Array): boolean {
  return start[0] === OPENING_BRACE;
}

/** Its tensors can only be found by reading it all. */
function readOnnx(source: ByteSource, path: string, choose: ChooseNames): ReadSource {
  const { weights, metadata } = decodeOnnxWeights(source.read(0, source.size), path);
  const chosen = choose(flatNames([...weights.keys()]));
  return { weights: takeChosen(weights, chosen), metadata, chosen };
}

async function readShards(source: ByteSource, path: string, choose: ChooseNames): Promise<ReadSource> {
  const { shards, metadata } = decodeShardIndex(source.read(0, source.size), path);
  const chosen = choose(flatNames([...shards.values()].flatMap((tensors) => [...tensors])));
  const weights: Weights = new Map();
  for (const [name, tensors] of shards) {
    if (![...tensors].some((tensor) => chosen.has(tensor))) continue;
    const shard = await withFile(join(dirname(path), name), (bytes, file) =>
      readShard(bytes, tensors, file, chosen),
    );
    for (const [tensor, values] of shard) weights.set(tensor, values);
  }
  return { weights, metadata, chosen };
}

async function findFile(path: string): Promise<string> {
  checkPath(path, "readWeights", "path");
  const status = await stat(path).catch((cause: unknown) => failToRead(path, cause));
  if (!status.isDirectory()) return path;
  const names = await readdir(path).catch((cause: unknown) => failToRead(path, cause));
  const indices = names.filter((name) => INDEX_NAME.test(name));
  const found = indices.length > 0 ? indices : names.filter((name) => WEIGHTS_NAME.test(name));
  const name = found.length === 1 ? found[0] : found.find((name) => name === BEST_WEIGHTS);
  if (name !== undefined) return join(path, name);
  const isRun = found.length === 0 && names.includes(RUN_ORIGIN);
  throw new LightsegError({
    code: "NOT_FOUND",
    where: "readWeights",
    file: path,
    argument: "the folder",
    rule: "must hold one weight file",
    value: found,
    hint: isRun
      ? `this training run has none yet: ${BEST_WEIGHTS} comes with its first validation`
      : undefined,
  });
}

async function withFile<T>(
  path: string,
  use: (source: ByteSource, path: string) => T | Promise<T>,
): Promise<T> {
  // The kind of file is checked first: opening a pipe, or reading a device, may never end.
  const status = await stat(path).catch((cause: unknown) => failToRead(path, cause));
  if (!status.isFile()) {
    const rule = "must be a file";
    throw new LightsegError({
      code: "NOT_FOUND",
      where: "readWeights",
      file: path,
      argument: "weights",
      rule,
    });
  }
  const file = await open(path).catch((cause: unknown) => failToRead(path, cause));
  try {
    return await use(fileSource(file.fd, status.size, path), path);
  } finally {
    await file.close();
  }
}

function failToRead(path: string, cause: unknown): never {
  const rule = unreadableRule(path, cause);
  const where = "readWeights";
  throw new LightsegError({ code: "NOT_FOUND", where, file: path, argument: "the file", rule, cause });
}
