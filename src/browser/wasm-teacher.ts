/** The worker that teaches on the CPU. An entry of its own for bundlers, with the smaller engine. */
import { openWasmSession } from "../runtime/web/wasm.ts";
import { serveTeaching } from "./teaching/serve-teaching.ts";

serveTeaching({ open: async () => openWasmSession });
