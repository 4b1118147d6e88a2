import { LightsegError } from "../errors.ts";
import { findModel, type Manifest, modelNames, parseManifest } from "../model-files/manifest.ts";
import { download, downloadChecked } from "./download.ts";
import { type ModelAddresses, modelAddresses } from "./model-addresses.ts";
import { keepModel, keepText, readCached, readCachedText } from "./model-cache.ts";
import { request } from "./request.ts";
import type { LoadOptions, ModelSource } from "./types.ts";

export interface FetchModelOptions
  extends Pick<LoadOptions, "modelBase" | "onProgress" | "onNote" | "signal"> {
  /** Whether a model of the manifest is wanted in its quantised form. Defaults to false. */
  readonly int8?: boolean;
}

/** The bytes of a model file, and its name for messages. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Names of the models in a folder. @param modelBase as for `Segmenter.load` */
export async function listModels({
  modelBase,
  signal,
}: Pick<LoadOptions, "modelBase" | "signal"> = {}): Promise<string[]> {
  return modelNames(await fetchManifest(modelAddresses(modelBase), signal));
}

/**
 * Fetches a model: one of the manifest from the browser's cache, or from the server, checked and then kept;
 * any other as it is.
 *
 * @throws LightsegError NOT_FOUND, RUNTIME without a network, INVALID_WEIGHTS for a damaged file
 */
export async function fetchModel(source: ModelSource, options: FetchModelOptions = {}): Promise<ModelFile> {
  const { signal } = options;
  if (source instanceof Blob) {
    const name = source instanceof File ? source.name : "model";
    return { name, bytes: new Uint8Array(await source.arrayBuffer()) };
  }
  if (typeof source === "string" && !/\/|\.(safetensors|onnx)$/.test(source))
    return fetchNamed(source, options);
  const url = new URL(source, document.baseURI);
  const file = url.pathname.split("/").at(-1) ?? url.href;
  const { bytes, lost } = await download(url, { file }, options);
  signal?.throwIfAborted();
  if (!lost) return { name: file, bytes };
  throw new LightsegError({
    code: "RUNTIME",
    where: "fetch",
    argument: url.href,
    rule: `could not be fetched: the connection was lost after ${bytes.length} bytes (${lost})`,
  });
}

async function fetchNamed(name: string, { int8 = false, ...options }: FetchModelOptions): Promise<ModelFile> {
  const addresses = modelAddresses(options.modelBase);
  const manifest = await fetchManifest(addresses, options.signal);
  const model = findModel(manifest, name);
  if (!model) {
    throw new LightsegError({
      code: "NOT_FOUND",
      where: "Segmenter.load",
      argument: "model",
      rule: "must be a model of the manifest, or the address of a model file",
      value: name,
      hint: `in ${addresses.manifest}: ${modelNames(manifest).join(", ")}`,
    });
  }
  const entry = int8 ? model.int8 : model;
  if (!entry) {
    throw new LightsegError({
      code: "INVALID_ARGUMENT",
      where: "Segmenter.load",
      argument: "dtype",
      rule: `must not be int8 for ${name}, which does not come in it`,
      hint: "lightseg quantize writes a model in int8",
    });
  }
  const kept = await readCached(entry);
  if (kept) return { name: entry.file, bytes: kept };
  const bytes = await downloadChecked(addresses.model(entry), entry, options);
  const fault = await keepModel(entry, bytes);
  if (fault) options.onNote?.(`${entry.file} was not kept and will be downloaded again: ${fault}`);
  return { name: entry.file, bytes };
}

/** From the server, or as it was last fetched where the server cannot be reached. */
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
