/** The worker that runs networks on the CPU. An entry of its own for bundlers, with the smaller engine. */

import { decodeQuantized } from "../model-files/decode.ts";
import { openWasmSession } from "../runtime/web/wasm.ts";
import { CanvasPainter } from "./painting/canvas-painter.ts";
import { serve } from "./serve.ts";

serve({
  open: openWasmSession,
  decodeQuantized,
  createPainter: async ({ segmenter }, smoothing) => new CanvasPainter(segmenter, smoothing),
});
