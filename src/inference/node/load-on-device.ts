import { LightsegError } from "../../errors.ts";
import {
  type LoadedModel,
  type LoadRunnableModelOptions,
  loadRunnableModel,
} from "../../model-files/node/load.ts";
import type { DeviceChoice } from "../../runtime/node/devices.ts";
import { type FoundDevice, findDevice } from "../../runtime/node/find-device.ts";

/** Options of `loadOnDevice`. */
export interface LoadOnDeviceOptions extends LoadRunnableModelOptions {
  /** Where the network is computed. Defaults to `auto`: a graphics card that works, else the CPU. */
  device?: DeviceChoice | undefined;
}

/** A model, and where it is to be computed in what. */
export type ModelOnDevice = LoadedModel & FoundDevice;

/**
 * Finds a device and loads a model in a form that runs there: int8 runs on the CPU alone, where it is
 * fastest.
 *
 * @throws LightsegError as `loadRunnableModel` and `findDevice` do; INVALID_ARGUMENT for int8 on a GPU that
 *   was named
 */
export async function loadOnDevice({
  device = "auto",
  dtype = "auto",
  ...source
}: LoadOnDeviceOptions): Promise<ModelOnDevice> {
  const isNamedGpu = device === "webgpu" || device === "cuda";
  const found = await findDevice(dtype === "int8" && !isNamedGpu ? "cpu" : device);
  const isCpu = found.device === "cpu";
  // On a GPU int8 is no choice where there is another.
  const loaded = await loadRunnableModel({ ...source, dtype: dtype === "auto" && !isCpu ? "exact" : dtype });
  if (loaded.dtype !== "int8") return { ...loaded, ...found };
  if (isNamedGpu) {
    throw new LightsegError({
      code: "INVALID_ARGUMENT",
      where: "loadOnDevice",
      argument: "device",
      rule: "must be cpu for a model in int8",
      value: device,
    });
  }
  return { ...loaded, ...(await findDevice("cpu")), ...(!isCpu && { note: "on the CPU, where int8 runs" }) };
}
