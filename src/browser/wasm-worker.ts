/** The worker that runs networks on the CPU. An entry of its own for bundlers, with the smaller engine. */
import { openWasmSession } from "../runtime/web/wasm.ts";
import { CanvasPainter } from "./painting/canvas-painter.ts";
import { readQuantized } from "./read-model.ts";
import { serve } from "./serve.ts";

serve({
  open: openWasmSession,
  readQuantized,
  createPainter: async ({ segmenter }, smoothing) => new CanvasPainter(segmenter, smoothing),
});
