import type { ManifestFile } from "../model-files/manifest.ts";
import { findFault } from "./download.ts";
import type { CachedModel } from "./types.ts";

/** Name of the cache (Cache API). Keys: a model's hash, a list's address. */
const CACHE_NAME = "lightseg-models";

/** The models that the browser keeps for this site. */
export async function listCached(): Promise<CachedModel[]> {
  const cache = await openCache();
  if (!cache) return [];
  const answers = await Promise.all((await cache.keys()).map((key) => cache.match(key)));
  return answers.flatMap((answer) => describeAnswer(answer) ?? []);
}

/** Forgets all models that the browser keeps for this site; the next load downloads. */
export async function clearCache(): Promise<void> {
  if (await openCache()) await caches.delete(CACHE_NAME);
}

/** The bytes of a model, if they are kept and still have their hash. */
export async function readCached(entry: ManifestFile): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const cache = await openCache();
  const key = modelKey(entry);
  const answer = await cache?.match(key);
  if (!answer) return undefined;
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (!(await findFault({ bytes }, entry))) return bytes;
  await cache?.delete(key);
  return undefined;
}

/** Keeps a model. @returns why it could not be kept; undefined if it is */
export async function keepModel(
  { file, bytes: size, sha256 }: ManifestFile,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string | undefined> {
  const headers = { [FILE]: encodeURIComponent(file), [BYTES]: String(size), [SHA256]: sha256 };
  return keep(modelKey({ sha256 }), new Response(bytes, { headers }));
}

/** The list of models as it was when it was last fetched. */
export async function readCachedText(url: URL): Promise<string | undefined> {
  const cache = await openCache();
  return (await cache?.match(url))?.text();
}

/** Keeps a list of models, for times without a network. */
export async function keepText(url: URL, text: string): Promise<void> {
  await keep(url.href, new Response(text));
}

const FILE = "x-lightseg-file";
const BYTES = "x-lightseg-bytes";
const SHA256 = "x-lightseg-sha256";

async function keep(key: string, response: Response): Promise<string | undefined> {
  const cache = await openCache();
  if (!cache) return "this browser keeps nothing for this page";
  try {
    await cache.put(key, response);
    return undefined;
  } catch (error) {
    // As when the disk is full.
    return String(error);
  }
}

function describeAnswer(answer: Response | undefined): CachedModel | undefined {
  const file = answer?.headers.get(FILE);
  const sha256 = answer?.headers.get(SHA256);
  if (!file || !sha256) return undefined;
  return { file: decodeURIComponent(file), bytes: Number(answer?.headers.get(BYTES)), sha256 };
}

/** Never fetched: the cache asks for an address of http, and a frame in a sandbox has the origin "null". */
function modelKey({ sha256 }: Pick<ManifestFile, "sha256">): string {
  const base = self.origin === "null" ? "https://lightseg.invalid" : self.origin;
  return `${base}/lightseg-model/${sha256}`;
}

/** Undefined for pages that do not come by https, or must keep nothing, as in some private windows. */
async function openCache(): Promise<Cache | undefined> {
  try {
    return "caches" in globalThis ? await caches.open(CACHE_NAME) : undefined;
  } catch {
    return undefined;
  }
}
