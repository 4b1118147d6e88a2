/** The worker that runs networks on the CPU. A file of its own, with the smaller build of onnxruntime-web. */
import * as ort from "onnxruntime-web/wasm";
import { webSessions } from "../runtime/web.ts";
import { CanvasPainter } from "./painting/canvas-painter.ts";
import { readQuantized } from "./read-model.ts";
import { serve } from "./serve.ts";

serve({
  open: webSessions(ort, { name: "wasm" }),
  readQuantized,
  createPainter: async ({ segmenter }, smoothing) => new CanvasPainter(segmenter, smoothing),
});
