import { checkKeys, invalidArgument } from "../check.ts";
import { kindOf, LightsegError } from "../errors.ts";
import {
  findModel,
  findWeights,
  type Manifest,
  type ManifestFile,
  modelNames,
  parseManifest,
} from "../model-files/manifest.ts";
import { type ModelAddresses, modelAddresses, resolveAddress } from "./addresses.ts";
import { type DownloadOptions, downloadChecked, downloadWhole } from "./download.ts";
import { keepModel, keepText, readCached, readCachedText } from "./model-cache.ts";
import { request } from "./request.ts";
import { SharedDownloads } from "./shared-download.ts";
import type { AssetOptions, LoadOptions, ModelSource } from "./types.ts";

export interface FindModelOptions extends AssetOptions, Pick<LoadOptions, "onNote" | "signal"> {
  /** The function that was called, for errors. */
  readonly where: string;
  /** Whether a model of the manifest is wanted in its quantised form. Defaults to false. */
  readonly int8?: boolean;
  /** Whether weights of an encoder alone will do. Defaults to false. */
  readonly encoders?: boolean;
}

/** The bytes of a model file, and its name for messages. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A model file that was found, and not read yet. */
export interface FoundModel {
  readonly name: string;
  /** The zoo's name of the backbone, where the file holds the weights of an encoder alone. */
  readonly backbone?: string;
  /** How many bytes will be downloaded, 0 where that is not known; undefined where none will. */
  readonly toDownload: number | undefined;
  /** @throws LightsegError NOT_FOUND, RUNTIME without a network, INVALID_WEIGHTS for a damaged file */
  read(options: DownloadOptions): Promise<ModelFile>;
}

/**
 * Names of the models in a folder.
 *
 * @param options as for `Segmenter.load`
 * @throws LightsegError NOT_FOUND if the folder has no list of models, INVALID_WEIGHTS if that is damaged,
 *   RUNTIME if it cannot be had and was not kept; the signal's reason
 */
export async function listModels(
  options: Pick<LoadOptions, "assetsUrl" | "modelsUrl" | "signal"> = {},
): Promise<string[]> {
  checkKeys(options, ["assetsUrl", "modelsUrl", "signal"], "listModels");
  return modelNames(await fetchManifest(modelAddresses(options), options.signal));
}

/**
 * Finds a model: one of the manifest in the browser's cache, or on the server, to be checked and then kept;
 * any other as it is.
 *
 * @throws LightsegError NOT_FOUND for a name that the manifest does not have, RUNTIME without a network
 */
export async function findSource(source: ModelSource, options: FindModelOptions): Promise<FoundModel> {
  if (!["String", "URL", "Blob", "File"].includes(kindOf(source))) {
    const rule = "must be a name, an address or a Blob";
    const hint = "toBlob() of a model that was taught gives one";
    throw invalidArgument(options.where, "model", rule, source, hint);
  }
  if (source instanceof Blob) {
    const name = source instanceof File ? source.name : "model";
    const read = async () => ({ name, bytes: new Uint8Array(await source.arrayBuffer()) });
    return { name, toDownload: undefined, read };
  }
  if (typeof source === "string" && !/\/|\.(safetensors|onnx)$/.test(source))
    return findNamed(source, options);
  const url = resolveAddress(source);
  const name = url.pathname.split("/").at(-1) ?? url.href;
  return {
    name,
    toDownload: 0,
    async read(options) {
      const start = async (shared: DownloadOptions) => ({
        name,
        bytes: await downloadWhole(url, name, shared),
      });
      return models.get(url.href, start, options);
    },
  };
}

/** Downloads of models under way, by address, or by hash where that is known. */
const models = new SharedDownloads<ModelFile>();

async function findNamed(
  name: string,
  { where, int8 = false, encoders = false, signal, onNote, ...options }: FindModelOptions,
): Promise<FoundModel> {
  const addresses = modelAddresses(options);
  const manifest = await fetchManifest(addresses, signal);
  const model = encoders ? findWeights(manifest, name) : findModel(manifest, name);
  if (!model) {
    const names = encoders ? Object.keys(manifest).sort() : modelNames(manifest);
    throw new LightsegError({
      code: "NOT_FOUND",
      where,
      argument: encoders ? "base" : "model",
      rule: "must be a model of the manifest, or the address of a model file",
      value: name,
      hint: `in ${addresses.manifest}: ${names.join(", ")}`,
    });
  }
  const isEncoder = model.kind === "encoder";
  const entry = int8 && !isEncoder ? model.int8 : model;
  if (!entry) {
    const rule = `must not be int8 for ${name}, which does not come in it`;
    throw invalidArgument(where, "dtype", rule, undefined, "lightseg quantize writes a model in int8");
  }
  const found = { name: entry.file, ...(isEncoder && { backbone: model.backbone }) };
  const kept = await readCached(entry);
  if (kept) return { ...found, toDownload: undefined, read: async () => ({ name: entry.file, bytes: kept }) };
  const url = addresses.model(entry);
  return {
    ...found,
    toDownload: entry.bytes,
    read: (options) =>
      models.get(entry.sha256, (shared) => downloadAndKeep(url, entry, shared, onNote), options),
  };
}

async function downloadAndKeep(
  url: URL,
  entry: ManifestFile,
  options: DownloadOptions,
  onNote: LoadOptions["onNote"],
): Promise<ModelFile> {
  // Another load may have kept it since this one looked.
  const kept = await readCached(entry);
  if (kept) {
    options.onProgress?.({ file: entry.file, loaded: entry.bytes, total: entry.bytes });
    return { name: entry.file, bytes: kept };
  }
  const bytes = await downloadChecked(url, entry, options);
  const fault = await keepModel(entry, bytes);
  if (fault) onNote?.(`${entry.file} was not kept and will be downloaded again: ${fault}`);
  return { name: entry.file, bytes };
}

/** From the server, or as it was last fetched where the server cannot be reached or fails. */
async function fetchManifest({ manifest: url }: ModelAddresses, signal?: AbortSignal): Promise<Manifest> {
  let text: string;
  try {
    text = await (await request(url, { signal })).text();
  } catch (error) {
    const kept = error instanceof LightsegError && error.code === "RUNTIME" && (await readCachedText(url));
    if (!kept) throw error;
    return parseManifest(kept, url.href);
  }
  const manifest = parseManifest(text, url.href);
  await keepText(url, text);
  return manifest;
}
