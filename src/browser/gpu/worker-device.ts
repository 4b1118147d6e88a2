import { engineError } from "../../runtime/engine-error.ts";
import { requestGpuDevice } from "./device.ts";

let requested: Promise<GPUDevice> | undefined;
const loss = new AbortController();

/** Aborted, with the error, when the worker's device is lost, after which the engine gives no answer. */
export const lost = loss.signal;

/** The one device of this worker, asked for at the first call. */
export function getDevice(): Promise<GPUDevice> {
  requested ??= requestGpuDevice().then((device) => {
    void device.lost.then(({ message }) => loss.abort(engineError(`the device was lost: ${message}`)));
    return device;
  });
  return requested;
}
