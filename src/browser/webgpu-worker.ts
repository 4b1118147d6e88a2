/** The worker that runs networks on the GPU. An entry of its own for bundlers, with the engine that can. */
import { isQuantized } from "../model-files/model.ts";
import type { OpenSession } from "../runtime/session.ts";
import { openWasmSession, webgpuSessions } from "../runtime/web/webgpu.ts";
import { compareAnswers } from "./compare-answers.ts";
import { GpuPainter } from "./gpu/gpu-painter.ts";
import { getDevice, lost } from "./gpu/worker-device.ts";
import { serve } from "./serve.ts";

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
