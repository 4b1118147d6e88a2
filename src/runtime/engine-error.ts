import { LightsegError, messageOf } from "../errors.ts";
import type { TensorData } from "./session.ts";

/** What WebGPU says when its device is gone: the reply to a request for results that never come. */
const LOST =
  /device (?:is |was |has been )?(?:lost|destroyed)|DEVICE_LOST|Failed to download data from buffer/i;

/**
 * What the engine says when memory is short. A map too large for one buffer of a GPU is divided: into too
 * many, or for kernels that 1.30 writes wrongly and then lacks (`raw_hash_map`).
 */
const OUT_OF_MEMORY =
  /out of (?:device |host )?memory|OUT_OF_(?:DEVICE|HOST)_MEMORY|bad_?alloc|Failed to allocate|Too many storage buffers|raw_hash_map<>::at/i;

/** Where a file of the engine lay on the machine that built it, with line and function. */
const BUILD_PATH = /(?:[A-Z]:)?(?:[\\/][\w.+-]+)+\.(?:cc|cpp|h|hpp):\d+ ?/g;

/**
 * The error for a failure of the engine: code DEVICE_LOST where a GPU is gone, RUNTIME else, with a hint
 * where memory is short.
 */
export function engineError(message: string, cause?: unknown): LightsegError {
  const rule = `failed: ${message.replace(BUILD_PATH, "")}`;
  const about = { where: "session", argument: "engine", rule, cause } as const;
  if (LOST.test(message)) {
    const hint =
      "the graphics card or its driver was reset, or the card is full: try again, or take device cpu";
    return new LightsegError({ code: "DEVICE_LOST", ...about, hint });
  }
  const hint = "memory is short: a smaller crop, batch or photo takes less";
  return new LightsegError({ code: "RUNTIME", ...about, ...(OUT_OF_MEMORY.test(message) && { hint }) });
}

/** Whether an error says that memory is short. */
export function isOutOfMemory(error: unknown): error is LightsegError {
  return error instanceof LightsegError && error.code === "RUNTIME" && OUT_OF_MEMORY.test(error.message);
}

/** Waits for the engine. @throws LightsegError RUNTIME or DEVICE_LOST for what the engine throws */
export function engineResult<T>(result: Promise<T>): Promise<T> {
  return result.catch((cause: unknown) => {
    throw cause instanceof LightsegError ? cause : engineError(messageOf(cause), cause);
  });
}

/** Checks that every output is there. @throws LightsegError RUNTIME */
export function requireOutputs<Name extends string>(
  values: Readonly<Record<string, TensorData>>,
  names: readonly Name[],
): Record<Name, TensorData> {
  if (hasAll(values, names)) return values;
  throw engineError(`outputs ${names.filter((name) => !(name in values)).join(", ")} are missing`);
}

function hasAll<Name extends string>(
  values: Readonly<Record<string, TensorData>>,
  names: readonly Name[],
): values is Record<Name, TensorData> {
  return names.every((name) => name in values);
}
