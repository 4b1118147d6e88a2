/** The worker that runs networks on the GPU. A file of its own, with the build of onnxruntime-web that can. */
import * as ort from "onnxruntime-web/webgpu";
import { isQuantized } from "../model-files/quantized-model.ts";
import type { OpenSession } from "../runtime/session.ts";
import { webSessions } from "../runtime/web.ts";
import { compareAnswers } from "./compare-answers.ts";
import { requestGpuDevice } from "./gpu/device.ts";
import { GpuPainter } from "./gpu/gpu-painter.ts";
import { serve } from "./serve.ts";

let requested: Promise<GPUDevice> | undefined;

function getDevice(): Promise<GPUDevice> {
  requested ??= requestGpuDevice();
  return requested;
}

const open: OpenSession = async (model, options) =>
  webSessions(ort, { name: "webgpu", device: await getDevice() })(model, options);

serve({
  open,
  check: (model, dtype) =>
    compareAnswers(
      model,
      { open, target: "plain", dtype },
      { open: webSessions(ort, { name: "wasm" }), target: "plain" },
    ),
  async createPainter({ model, segmenter: { dtype } }, smoothing) {
    if (isQuantized(model)) throw new Error("models in int8 do not come here");
    return GpuPainter.create(model, { ort, device: await getDevice(), dtype, smoothing });
  },
});
