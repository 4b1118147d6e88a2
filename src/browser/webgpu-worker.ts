/** The worker that runs networks on the GPU. An entry of its own for bundlers, with the engine that can. */
import type { LightsegError } from "../errors.ts";
import { isQuantized } from "../model-files/model.ts";
import { engineError } from "../runtime/engine-error.ts";
import type { OpenSession } from "../runtime/session.ts";
import { openWasmSession, webgpuSessions } from "../runtime/web/webgpu.ts";
import { compareAnswers } from "./compare-answers.ts";
import { requestGpuDevice } from "./gpu/device.ts";
import { GpuPainter } from "./gpu/gpu-painter.ts";
import { serve } from "./serve.ts";

let requested: Promise<GPUDevice> | undefined;
let tellLost = (_: LightsegError): void => undefined;
const lost = new Promise<never>((_, reject) => {
  tellLost = reject;
});
// Who waits for an answer is told; where nobody does, nothing is wrong yet.
lost.catch(() => undefined);

function getDevice(): Promise<GPUDevice> {
  requested ??= requestGpuDevice().then((device) => {
    void device.lost.then(({ message }) => tellLost(engineError(`the device was lost: ${message}`)));
    return device;
  });
  return requested;
}

const open: OpenSession = async (model, options) => webgpuSessions(await getDevice())(model, options);

serve({
  open,
  lost,
  check: (model, dtype) =>
    compareAnswers(model, { open, target: "plain", dtype }, { open: openWasmSession, target: "plain" }),
  async createPainter({ model, segmenter: { dtype } }, smoothing) {
    if (isQuantized(model)) throw new Error("models in int8 do not come here");
    return GpuPainter.create(model, { device: await getDevice(), dtype, smoothing });
  },
});
