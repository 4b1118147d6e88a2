/** The worker that runs networks on the GPU. A file of its own, with the build of onnxruntime-web that can. */
import * as ort from "onnxruntime-web/webgpu";
import { webSessions } from "../runtime/web.ts";
import { compareAnswers } from "./compare-answers.ts";
import { serve } from "./serve.ts";

const open = webSessions(ort, "webgpu");

serve({
  open,
  check: (model, dtype) => compareAnswers(model, { open, dtype }, { open: webSessions(ort, "wasm") }),
  // The engine has no kernels for it there.
  int8: false,
});
