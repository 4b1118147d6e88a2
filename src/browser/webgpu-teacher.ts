/** The worker that teaches on the GPU. An entry of its own for bundlers, with the engine that can. */
import { openWasmSession, webgpuSessions } from "../runtime/web/webgpu.ts";
import { getDevice, lost } from "./gpu/worker-device.ts";
import { compareFeatures } from "./teaching/compare-features.ts";
import { serveTeaching } from "./teaching/serve-teaching.ts";

/** Graphs are written in the forms that WebGPU has kernels for. */
const open = async () => Object.assign(webgpuSessions(await getDevice()), { provider: "webgpu" } as const);

serveTeaching({
  open,
  lost,
  check: async (base) => compareFeatures(base, await open(), openWasmSession),
});
