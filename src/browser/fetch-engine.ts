import { LightsegError, messageOf } from "../errors.ts";
import type { DownloadOptions } from "./download.ts";
import { request } from "./request.ts";
import { SharedDownloads } from "./shared-download.ts";

/** Downloads under way, by address. */
const downloads = new SharedDownloads<WebAssembly.Module>();

/** Compiled engines by address. They outlive the segmenters, for the next one. */
const compiled = new Map<string, WebAssembly.Module>();

/** Whether an engine is there already. */
export function hasEngine(url: URL): boolean {
  return compiled.has(url.href);
}

/**
 * Downloads the engine and compiles it meanwhile.
 *
 * @param file its name, for the progress
 * @throws LightsegError NOT_FOUND or RUNTIME if it cannot be had or compiled; the signal's reason
 */
export function fetchEngine(url: URL, file: string, options: DownloadOptions): Promise<WebAssembly.Module> {
  const start = async (shared: DownloadOptions) => {
    const engine = compiled.get(url.href) ?? (await compile(url, file, shared));
    compiled.set(url.href, engine);
    return engine;
  };
  return downloads.get(url.href, start, options);
}

async function compile(
  url: URL,
  file: string,
  { signal, onProgress }: DownloadOptions,
): Promise<WebAssembly.Module> {
  const { body } = await request(url, { signal });
  let loaded = 0;
  const tell = () => onProgress?.({ file, loaded, total: loaded });
  tell();
  const count = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      loaded += chunk.length;
      tell();
      controller.enqueue(chunk);
    },
  });
  try {
    // compileStreaming asks for this type, and servers do not always send it.
    const headers = { "content-type": "application/wasm" };
    return await WebAssembly.compileStreaming(new Response(body?.pipeThrough(count), { headers }));
  } catch (cause) {
    signal?.throwIfAborted();
    throw new LightsegError({
      code: "RUNTIME",
      where: "fetch",
      argument: url.href,
      rule: `must be the engine of this version of lightseg: ${messageOf(cause)}`,
      cause,
    });
  }
}
