import { LightsegError, messageOf } from "../errors.ts";
import { RpcClient } from "../runtime/rpc.ts";
import type { SegmenterProtocol } from "./protocol.ts";
import { request } from "./request.ts";

/** The page's end of a worker. */
export class WorkerClient extends RpcClient<SegmenterProtocol, Transferable> {
  readonly #worker: Worker;
  readonly #address: string;

  /**
   * Starts a worker from its script.
   *
   * @throws LightsegError WORKER_FAILED if the browser starts none, NOT_FOUND or RUNTIME for a script on
   *   another origin that cannot be had
   */
  static async start(script: URL, signal?: AbortSignal): Promise<WorkerClient> {
    const address = await ownAddress(script, signal);
    try {
      return new WorkerClient(new Worker(address, { type: "module", name: "lightseg" }), address);
    } catch (cause) {
      throw failure(messageOf(cause));
    }
  }

  private constructor(worker: Worker, address: string) {
    super({ post: (message, transfer) => post(worker, message, transfer), failure });
    this.#worker = worker;
    this.#address = address;
    worker.addEventListener("message", ({ data }) => this.receive(data));
    worker.addEventListener("messageerror", () => this.terminate(failure("its answer could not be read")));
    worker.addEventListener("error", ({ message }) =>
      // A file that cannot be loaded has no message.
      this.terminate(message ? failure(message) : failure("its file could not be loaded", LOADING_HINT)),
    );
  }

  /** Ends the worker at once, which frees its memory; requests without an answer are rejected. */
  terminate(reason = new LightsegError({ ...disposed })): void {
    this.#worker.terminate();
    if (this.#address.startsWith("blob:")) URL.revokeObjectURL(this.#address);
    this.abort(reason);
  }
}

const disposed = {
  code: "RUNTIME",
  where: "segment",
  argument: "segmenter",
  rule: "has been disposed of",
} as const;

const LOADING_HINT = "are the files of lightseg's dist/assets on the server? See workerUrl";

/**
 * An address of this origin, since browsers start no other workers: a script of another origin is copied. The
 * engine starts its threads from the same address.
 */
async function ownAddress(script: URL, signal: AbortSignal | undefined): Promise<string> {
  if (script.origin === location.origin) return script.href;
  const source = await (await request(script, { signal })).text();
  return URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
}

function post(worker: Worker, message: unknown, transfer: readonly Transferable[]): void {
  try {
    worker.postMessage(message, [...transfer]);
  } catch (cause) {
    // Pictures with pixels of another site cannot be sent.
    throw new LightsegError({
      code: "INVALID_IMAGE",
      where: "segment",
      argument: "picture",
      rule: `must not be read by this page: ${messageOf(cause)}`,
      hint: 'pictures of other sites need their permission (CORS), and crossorigin="anonymous" on the element',
      cause,
    });
  }
}

function failure(message: string, hint?: string): LightsegError {
  const rule = `failed: ${message}`;
  return new LightsegError({ code: "WORKER_FAILED", where: "segment", argument: "worker", rule, hint });
}
