import { LightsegError, messageOf } from "../errors.ts";
import type { ManifestFile } from "../model-files/manifest.ts";
import { request } from "./request.ts";
import type { DownloadProgress } from "./types.ts";

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** How the browser's own cache is used; see `fetch`. */
  readonly cache?: RequestCache;
}

/** What has come of a file. */
export interface Download {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Why the connection was lost before the end. */
  readonly lost?: string;
}

/**
 * Downloads a file whose size and SHA-256 are known. What comes cut off or changed is refused and fetched
 * once more, past all caches between.
 *
 * @throws LightsegError NOT_FOUND or RUNTIME if it cannot be had, INVALID_WEIGHTS if it is damaged again
 */
export async function downloadChecked(
  url: URL,
  entry: ManifestFile,
  options: DownloadOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const first = await download(url, entry, options);
  if (!(await findFault(first, entry))) return first.bytes;
  const second = await download(url, entry, { ...options, cache: "reload" });
  const fault = await findFault(second, entry);
  if (!fault) return second.bytes;
  throw new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "fetch",
    argument: url.href,
    rule: `must be the file that the manifest names: ${fault}`,
    hint: "it was fetched twice; are manifest and models of the same version?",
  });
}

/** Downloads a file of which nothing is known. @throws LightsegError NOT_FOUND or RUNTIME */
export async function downloadWhole(
  url: URL,
  file: string,
  options: DownloadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, lost } = await download(url, { file }, options);
  if (!lost) return bytes;
  throw new LightsegError({
    code: "RUNTIME",
    where: "fetch",
    argument: url.href,
    rule: `could not be fetched: the connection was lost after ${bytes.length} bytes (${lost})`,
  });
}

/**
 * Downloads a file, as far as it comes.
 *
 * @param entry its name, and its size where that is known: no more is read
 */
async function download(
  url: URL,
  entry: { readonly file: string; readonly bytes?: number },
  { signal, onProgress, cache }: DownloadOptions = {},
): Promise<Download> {
  const response = await request(url, { signal, cache });
  const total = entry.bytes ?? announcedLength(response);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let loaded = 0;
  let lost: string | undefined;
  const tell = () => onProgress?.({ file: entry.file, loaded, total: Math.max(total, loaded) });
  tell();
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true };
      if (done || !value) break;
      chunks.push(value);
      loaded += value.length;
      tell();
      if (loaded > (entry.bytes ?? Number.POSITIVE_INFINITY)) {
        await reader?.cancel();
        break;
      }
    }
  } catch (cause) {
    signal?.throwIfAborted();
    lost = messageOf(cause);
  }
  return { bytes: new Uint8Array(await new Blob(chunks).arrayBuffer()), lost };
}

/** 0 where the server does not say, or says how long the answer is as it travels, compressed. */
function announcedLength({ headers }: Response): number {
  return headers.has("content-encoding") ? 0 : Number(headers.get("content-length") ?? 0);
}

/** The fault of a file's bytes; undefined if they are as the manifest says. */
export async function findFault(
  { bytes, lost }: Download,
  entry: Pick<ManifestFile, "bytes" | "sha256">,
): Promise<string | undefined> {
  if (lost) return `the connection was lost after ${bytes.length} of ${entry.bytes} bytes (${lost})`;
  if (bytes.length > entry.bytes) return `it has more than ${entry.bytes} bytes`;
  if (bytes.length < entry.bytes) return `it was cut off after ${bytes.length} of ${entry.bytes} bytes`;
  const found = await sha256(bytes);
  return found === entry.sha256 ? undefined : `its SHA-256 is ${found}, not ${entry.sha256}`;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  // Browsers leave it out on pages that anyone on the way can change.
  if (!globalThis.isSecureContext) {
    throw new LightsegError({
      code: "RUNTIME",
      where: "fetch",
      argument: "the page",
      rule: "must come by https, or from localhost: without, browsers neither check nor keep models",
    });
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
