import { LightsegError } from "../errors.ts";
import type { Answer, Question, Reply, Request } from "./messages.ts";
import type { Device } from "./types.ts";

/** The page's end of a worker: asks, and hands the answers to who asked. */
export class WorkerClient {
  readonly #worker: Worker;
  readonly #pending = new Map<
    number,
    { resolve: (answer: Answer) => void; reject: (error: Error) => void }
  >();
  #nextId = 0;
  /** Why nothing can be asked any more. */
  #ended: LightsegError | undefined;

  constructor(device: Device) {
    this.#worker = startWorker(device);
    this.#worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      const question = this.#pending.get(data.id);
      this.#pending.delete(data.id);
      if ("answer" in data) question?.resolve(data.answer);
      else
        question?.reject("defect" in data.error ? failure(data.error.defect) : new LightsegError(data.error));
    });
    this.#worker.addEventListener("error", ({ message }) =>
      // A file that cannot be loaded has no message.
      this.terminate(
        failure(message || "its file could not be loaded; is all of lightseg's dist folder on the server?"),
      ),
    );
  }

  /** @param transfer what is moved to the worker, not copied */
  ask(question: Question, transfer: Transferable[] = []): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#ended) throw this.#ended;
      const id = this.#nextId++;
      this.#worker.postMessage({ ...question, id } satisfies Request, transfer);
      this.#pending.set(id, { resolve, reject });
    });
  }

  /** Ends the worker at once, which frees all of its memory; questions without an answer are rejected. */
  terminate(reason = new LightsegError({ ...disposed })): void {
    this.#ended ??= reason;
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}

const disposed = {
  code: "RUNTIME",
  where: "segment",
  argument: "segmenter",
  rule: "has been disposed of",
} as const;

/** Written out in full, since bundlers look for just this form. */
function startWorker(device: Device): Worker {
  return device === "webgpu"
    ? new Worker(new URL("./webgpu-worker.js", import.meta.url), { type: "module" })
    : new Worker(new URL("./wasm-worker.js", import.meta.url), { type: "module" });
}

function failure(message: string): LightsegError {
  const rule = `failed: ${message}`;
  return new LightsegError({ code: "RUNTIME", where: "segment", argument: "worker", rule });
}
