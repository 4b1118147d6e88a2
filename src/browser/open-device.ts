import { type ErrorCode, LightsegError, messageOf } from "../errors.ts";
import type { Dtype, DtypeChoice } from "../model-files/dtype.ts";
import type { ModelDescription } from "../model-files/model.ts";
import { engineAddress, workerAddress } from "./addresses.ts";
import type { DownloadOptions } from "./download.ts";
import { fetchEngine, hasEngine } from "./fetch-engine.ts";
import { type FoundModel, findSource, type ModelFile } from "./fetch-model.ts";
import { deviceFiles } from "./packaged.ts";
import { addUp } from "./shared-download.ts";
import type { AssetOptions, Device, LoadOptions, ModelSource } from "./types.ts";
import { WorkerClient } from "./worker-client.ts";

/** A worker with a model in it. */
export interface OpenDevice {
  readonly client: WorkerClient;
  readonly model: ModelDescription;
  readonly dtype: Dtype;
  readonly device: Device;
  /** Why it is this device. */
  readonly note: string;
}

export interface OpenDeviceOptions
  extends AssetOptions,
    Pick<LoadOptions, "threads" | "maxPixels" | "signal" | "onProgress" | "onNote"> {
  readonly device: "auto" | Device;
  readonly dtype: DtypeChoice;
}

/** Errors that another device may not have. */
const DEVICE_FAULTS: readonly ErrorCode[] = ["RUNTIME", "DEVICE_LOST", "WORKER_FAILED"];

/**
 * Starts a worker on the device that was asked for and gives it the model.
 *
 * @throws LightsegError RUNTIME if that device does not work, WORKER_FAILED if its worker does not start,
 *   NOT_FOUND for a file that is missing, INVALID_WEIGHTS for a model that cannot be read
 */
export async function openDevice(source: ModelSource, options: OpenDeviceOptions): Promise<OpenDevice> {
  const found = await findSource(source, { ...options, int8: options.dtype === "int8" });
  if (options.device === "wasm") return openOn("wasm", found, options, "WebAssembly was asked for");
  if (options.device === "auto" && options.dtype === "int8")
    return openOn("wasm", found, options, "WebAssembly, where int8 runs");
  try {
    await requireAdapter(options);
    return await openOn("webgpu", found, options, "WebGPU is there and gives the same as WebAssembly");
  } catch (error) {
    options.signal?.throwIfAborted();
    // A model that is wrong is so on every device.
    const isDeviceFault = error instanceof LightsegError && DEVICE_FAULTS.includes(error.code);
    if (options.device === "webgpu" || !isDeviceFault) throw error;
    return openOn("wasm", found, options, `WebAssembly, since WebGPU does not work here: ${error.message}`);
  }
}

async function openOn(
  device: Device,
  found: FoundModel,
  options: OpenDeviceOptions,
  note: string,
): Promise<OpenDevice> {
  const { threads, maxPixels, dtype, signal } = options;
  const [{ name, bytes }, engine] = await downloadBoth(device, found, options);
  const client = await WorkerClient.start(workerAddress(device, options), signal);
  const abort = () => client.terminate();
  signal?.addEventListener("abort", abort);
  try {
    signal?.throwIfAborted();
    const run = { threads: countThreads(threads), maxPixels };
    const opened = await client.ask("open", { model: bytes, name, dtype, engine, options: run });
    return { client, ...opened, device, note };
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
  { signal, onProgress = () => undefined, ...assets }: OpenDeviceOptions,
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

/** Of the threads that are taken where no number is given; more may be asked for. */
const MOST_THREADS = 8;

/** Threads need memory that they share, which browsers give to isolated pages alone. */
function countThreads(threads = Math.min(navigator.hardwareConcurrency, MOST_THREADS)): number {
  return crossOriginIsolated ? threads : 1;
}

async function requireAdapter({ device, dtype }: OpenDeviceOptions): Promise<void> {
  // Pages without https have no `navigator.gpu`, against the type.
  const gpu: GPU | undefined = navigator.gpu;
  const adapter = await gpu?.requestAdapter().catch((cause: unknown) => {
    throw noAdapter(messageOf(cause));
  });
  if (!adapter) throw noAdapter(gpu ? "no graphics adapter is offered" : "the browser does not have it");
  if (device === "auto" && adapter.info.isFallbackAdapter) throw noAdapter("its adapter is one in software");
  if (dtype === "fp16" && !adapter.features.has("shader-f16"))
    throw noAdapter("its adapter does not compute in fp16");
}

function noAdapter(reason: string): LightsegError {
  return new LightsegError({
    code: "RUNTIME",
    where: "Segmenter.load",
    argument: "WebGPU",
    rule: `must be available: ${reason}`,
  });
}
