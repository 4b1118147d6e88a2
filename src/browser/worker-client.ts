import { LightsegError } from "../errors.ts";
import { RpcClient } from "../runtime/rpc.ts";
import type { SegmenterProtocol } from "./protocol.ts";
import type { Device } from "./types.ts";

/** The page's end of a worker. */
export class WorkerClient extends RpcClient<SegmenterProtocol, Transferable> {
  readonly #worker: Worker;

  constructor(device: Device) {
    const worker = startWorker(device);
    super({ post: (request, transfer) => worker.postMessage(request, [...transfer]), failure });
    this.#worker = worker;
    worker.addEventListener("message", ({ data }) => this.receive(data));
    worker.addEventListener("error", ({ message }) =>
      // A file that cannot be loaded has no message.
      this.terminate(
        failure(message || "its file could not be loaded; is all of lightseg's dist folder on the server?"),
      ),
    );
  }

  /** Ends the worker at once, which frees its memory; requests without an answer are rejected. */
  terminate(reason = new LightsegError({ ...disposed })): void {
    this.#worker.terminate();
    this.abort(reason);
  }
}

const disposed = {
  code: "RUNTIME",
  where: "segment",
  argument: "segmenter",
  rule: "has been disposed of",
} as const;

/** Written out in full: bundlers look for exactly this form. */
function startWorker(device: Device): Worker {
  return device === "webgpu"
    ? new Worker(new URL("./webgpu-worker.js", import.meta.url), { type: "module" })
    : new Worker(new URL("./wasm-worker.js", import.meta.url), { type: "module" });
}

function failure(message: string): LightsegError {
  const rule = `failed: ${message}`;
  return new LightsegError({ code: "RUNTIME", where: "segment", argument: "worker", rule });
}
