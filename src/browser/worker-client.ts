import { disposedError, LightsegError, messageOf } from "../errors.ts";
import { type Protocol, RpcClient } from "../runtime/rpc.ts";
import { request } from "./request.ts";

export interface StartOptions {
  /** The function that asks the worker, for errors. */
  readonly where: string;
  readonly signal?: AbortSignal | undefined;
}

/** The page's end of a worker. */
export class WorkerClient<P extends Protocol<P>> extends RpcClient<P, Transferable> {
  readonly #worker: Worker;
  readonly #address: string;

  /**
   * Starts a worker from its script.
   *
   * @throws LightsegError WORKER_FAILED if the browser starts none, NOT_FOUND or RUNTIME for a script on
   *   another origin that cannot be had
   */
  static async start<P extends Protocol<P>>(
    script: URL,
    { where, signal }: StartOptions,
  ): Promise<WorkerClient<P>> {
    const address = await ownAddress(script, signal);
    try {
      return new WorkerClient(new Worker(address, { type: "module", name: "lightseg" }), address, where);
    } catch (cause) {
      throw failureIn(where)(messageOf(cause));
    }
  }

  private constructor(worker: Worker, address: string, where: string) {
    const failure = failureIn(where);
    super({ post: (message, transfer) => post(worker, message, { transfer, where }), failure });
    this.#worker = worker;
    this.#address = address;
    worker.addEventListener("message", ({ data }) => this.receive(data));
    worker.addEventListener("messageerror", () => this.terminate(failure("its answer could not be read")));
    worker.addEventListener("error", ({ message }) =>
      // A file that cannot be loaded has no message.
      this.terminate(message ? failure(message) : failure("its file could not be loaded", loadingHint())),
    );
  }

  /** Ends the worker at once, which frees its memory; requests without an answer are rejected. */
  terminate(reason = disposedError("segment", "segmenter")): void {
    this.#worker.terminate();
    if (this.#address.startsWith("blob:")) URL.revokeObjectURL(this.#address);
    this.abort(reason);
  }
}

function loadingHint(): string {
  const missing = "are the files of lightseg's dist/assets on the server? See workerUrl";
  return crossOriginIsolated ? `${missing}; on this isolated page they need its COEP header too` : missing;
}

/**
 * An address of this origin, since browsers start no other workers: a script of another origin is copied. The
 * engine starts its threads from the same address.
 */
async function ownAddress(script: URL, signal: AbortSignal | undefined): Promise<string> {
  if (script.origin === self.origin) return script.href;
  const source = await (await request(script, { signal })).text();
  return URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
}

interface PostOptions {
  readonly transfer: readonly Transferable[];
  readonly where: string;
}

function post(worker: Worker, message: unknown, { transfer, where }: PostOptions): void {
  try {
    worker.postMessage(message, [...transfer]);
  } catch (cause) {
    // Pictures with pixels of another site cannot be sent.
    throw new LightsegError({
      code: "INVALID_IMAGE",
      where,
      argument: "picture",
      rule: `must not be read by this page: ${messageOf(cause)}`,
      hint: 'pictures of other sites need their permission (CORS), and crossorigin="anonymous" on the element',
      cause,
    });
  }
}

function failureIn(where: string): (message: string, hint?: string) => LightsegError {
  return (message, hint) => {
    const rule = `failed: ${message}`;
    return new LightsegError({ code: "WORKER_FAILED", where, argument: "worker", rule, hint });
  };
}
