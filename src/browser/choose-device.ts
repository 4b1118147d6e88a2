import { type ErrorCode, LightsegError, messageOf } from "../errors.ts";
import type { DtypeChoice } from "../model-files/dtype.ts";
import type { Device } from "./types.ts";

/** Errors that another device may not have. */
const DEVICE_FAULTS: readonly ErrorCode[] = ["RUNTIME", "DEVICE_LOST", "WORKER_FAILED"];

export interface RunOnDeviceOptions {
  readonly device: "auto" | Device;
  readonly dtype: DtypeChoice;
  /** The function that was called, for errors. */
  readonly where: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs work on the device that was asked for; with `auto` on WebGPU, and if that does not work, once more on
 * WebAssembly.
 *
 * @param run gets the device, and why it is this one, in a sentence
 * @throws LightsegError RUNTIME if the device that was asked for is not there; what `run` throws
 */
export async function runOnDevice<T>(
  { device, dtype, where, signal }: RunOnDeviceOptions,
  run: (device: Device, note: string) => Promise<T>,
): Promise<T> {
  if (device === "wasm") return run("wasm", "WebAssembly was asked for");
  if (device === "auto" && dtype === "int8") return run("wasm", "WebAssembly, where int8 runs");
  try {
    await requireAdapter(device, { dtype, where });
    return await run("webgpu", "WebGPU is there and gives the same as WebAssembly");
  } catch (error) {
    signal?.throwIfAborted();
    // A model that is wrong is so on every device.
    const isDeviceFault = error instanceof LightsegError && DEVICE_FAULTS.includes(error.code);
    if (device === "webgpu" || !isDeviceFault) throw error;
    return run("wasm", `WebAssembly, since WebGPU does not work here: ${error.message}`);
  }
}

async function requireAdapter(
  device: "auto" | "webgpu",
  { dtype, where }: Pick<RunOnDeviceOptions, "dtype" | "where">,
): Promise<void> {
  const refuse = (reason: string) =>
    new LightsegError({
      ...{ code: "RUNTIME", where, argument: "WebGPU" },
      rule: `must be available: ${reason}`,
    });
  // Pages without https have no `navigator.gpu`, against the type.
  const gpu: GPU | undefined = navigator.gpu;
  const adapter = await gpu?.requestAdapter().catch((cause: unknown) => {
    throw refuse(messageOf(cause));
  });
  if (!adapter) throw refuse(gpu ? "no graphics adapter is offered" : "the browser does not have it");
  if (device === "auto" && adapter.info.isFallbackAdapter) throw refuse("its adapter is one in software");
  if (dtype === "fp16" && !adapter.features.has("shader-f16"))
    throw refuse("its adapter does not compute in fp16");
}

/**
 * Checks that there is a browser: pages that are made on a server import the package there too.
 *
 * @throws LightsegError RUNTIME elsewhere
 */
export function checkPlatform(where: string): void {
  if (typeof Worker !== "undefined" && typeof OffscreenCanvas !== "undefined") return;
  throw new LightsegError({
    ...{ code: "RUNTIME", where, argument: "lightseg/web" },
    rule: "must run in a browser that has Worker and OffscreenCanvas",
    hint: "on a server, import lightseg, or load in an effect that runs in the browser alone",
  });
}

/** The note for pages that get one thread without having asked for one. */
export const ONE_THREAD =
  "WebAssembly runs on one thread: for more, serve the page and its files with the headers Cross-Origin-Opener-Policy: " +
  "same-origin and Cross-Origin-Embedder-Policy: require-corp";

/** The default number of threads is the number of cores, at most this. */
const MOST_THREADS = 8;

/** Threads need memory that they share, which browsers give to isolated pages alone. */
export function countThreads(threads = Math.min(navigator.hardwareConcurrency, MOST_THREADS)): number {
  return crossOriginIsolated ? threads : 1;
}
