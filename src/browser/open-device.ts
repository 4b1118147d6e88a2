import { type ErrorCode, LightsegError, messageOf } from "../errors.ts";
import type { Dtype, DtypeChoice } from "../model-files/dtype.ts";
import type { ModelDescription } from "../model-files/model.ts";
import type { ModelFile } from "./fetch-model.ts";
import type { Device, LoadOptions } from "./types.ts";
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

export interface OpenDeviceOptions extends Pick<LoadOptions, "threads" | "maxPixels" | "signal"> {
  readonly device: "auto" | Device;
  readonly dtype: DtypeChoice;
}

/** Errors that another device may not have. */
const DEVICE_FAULTS: readonly ErrorCode[] = ["RUNTIME", "DEVICE_LOST"];

/**
 * Starts a worker on the device that was asked for and gives it the model.
 *
 * @throws LightsegError RUNTIME if that device does not work, INVALID_WEIGHTS for a model that cannot be read
 */
export async function openDevice(file: ModelFile, options: OpenDeviceOptions): Promise<OpenDevice> {
  if (options.device === "wasm") return openOn("wasm", file, options, "WebAssembly was asked for");
  if (options.device === "auto" && options.dtype === "int8")
    return openOn("wasm", file, options, "WebAssembly, where int8 runs");
  try {
    await requireAdapter(options);
    return await openOn("webgpu", file, options, "WebGPU is there and gives the same as WebAssembly");
  } catch (error) {
    options.signal?.throwIfAborted();
    // A model that is wrong is so on every device.
    const isDeviceFault = error instanceof LightsegError && DEVICE_FAULTS.includes(error.code);
    if (options.device === "webgpu" || !isDeviceFault) throw error;
    return openOn("wasm", file, options, `WebAssembly, since WebGPU does not work here: ${error.message}`);
  }
}

async function openOn(
  device: Device,
  { name, bytes }: ModelFile,
  { threads, maxPixels, dtype, signal }: OpenDeviceOptions,
  note: string,
): Promise<OpenDevice> {
  const client = new WorkerClient(device);
  const abort = () => client.terminate();
  signal?.addEventListener("abort", abort);
  try {
    signal?.throwIfAborted();
    const options = { threads: countThreads(threads), maxPixels };
    const opened = await client.ask("open", { model: bytes, name, dtype, options });
    return { client, ...opened, device, note };
  } catch (error) {
    client.terminate();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
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
