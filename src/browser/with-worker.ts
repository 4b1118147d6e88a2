import type { Protocol } from "../runtime/rpc.ts";
import { engineAddress, type WorkerRole, workerAddress } from "./addresses.ts";
import type { DownloadOptions } from "./download.ts";
import { fetchEngine, hasEngine } from "./fetch-engine.ts";
import type { FoundModel, ModelFile } from "./fetch-model.ts";
import { deviceFiles } from "./packaged.ts";
import { addUp } from "./shared-download.ts";
import type { AssetOptions, Device, LoadOptions } from "./types.ts";
import { type StartOptions, WorkerClient } from "./worker-client.ts";

export interface WithWorkerOptions extends AssetOptions, Pick<LoadOptions, "onProgress" | "signal"> {
  readonly device: Device;
  readonly role: WorkerRole;
  readonly found: FoundModel;
  /** The function that asks the worker, for errors. */
  readonly where: string;
}

/** What was downloaded, and the worker that it is for. */
export interface Started<P extends Protocol<P>> {
  readonly client: WorkerClient<P>;
  readonly file: ModelFile;
  readonly engine: WebAssembly.Module;
}

/**
 * Downloads engine and model, starts a worker and begins with it; the worker is ended where that fails or the
 * signal is aborted meanwhile.
 *
 * @throws LightsegError NOT_FOUND for a file that is missing, WORKER_FAILED if the worker does not start;
 *   what `begin` throws; the signal's reason
 */
export async function withWorker<P extends Protocol<P>, T>(
  { device, role, found, where, ...options }: WithWorkerOptions,
  begin: (started: Started<P>) => Promise<T>,
): Promise<T> {
  const [file, engine] = await downloadBoth(device, found, options);
  const script = workerAddress(device, role, options);
  return startWorker<P, T>(script, { where, signal: options.signal }, (client) =>
    begin({ client, file, engine }),
  );
}

/** Starts a worker and begins with it, as `withWorker` does. */
export async function startWorker<P extends Protocol<P>, T>(
  script: URL,
  { where, signal }: StartOptions,
  begin: (client: WorkerClient<P>) => Promise<T>,
): Promise<T> {
  const client = await WorkerClient.start<P>(script, { where, signal });
  const abort = () => client.terminate();
  signal?.addEventListener("abort", abort);
  try {
    signal?.throwIfAborted();
    return await begin(client);
  } catch (error) {
    client.terminate();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

function downloadBoth(
  device: Device,
  found: FoundModel,
  {
    signal,
    onProgress = () => undefined,
    ...assets
  }: AssetOptions & Pick<LoadOptions, "onProgress" | "signal">,
): Promise<[ModelFile, WebAssembly.Module]> {
  const { engine, engineBytes } = deviceFiles[device];
  const { name, toDownload } = found;
  const url = engineAddress(device, assets);
  const totals = {
    ...(!hasEngine(url) && { [engine]: engineBytes }),
    ...(toDownload !== undefined && { [name]: toDownload }),
  };
  const options: DownloadOptions = { signal, onProgress: addUp(onProgress, totals) };
  return Promise.all([found.read(options), fetchEngine(url, engine, options)]);
}
