import type { LightsegError } from "../../errors.ts";
import { engineError } from "../../runtime/engine-error.ts";
import { requestGpuDevice } from "./device.ts";

let requested: Promise<GPUDevice> | undefined;
let tellLost = (_: LightsegError): void => undefined;

/** Rejected when the worker's device is lost, after which the engine gives no answer. */
export const lost = new Promise<never>((_, reject) => {
  tellLost = reject;
});
// Requests under way get this error; without one it must not count as unhandled.
lost.catch(() => undefined);

/** The one device of this worker, asked for at the first call. */
export function getDevice(): Promise<GPUDevice> {
  requested ??= requestGpuDevice().then((device) => {
    void device.lost.then(({ message }) => tellLost(engineError(`the device was lost: ${message}`)));
    return device;
  });
  return requested;
}
