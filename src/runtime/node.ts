import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { LightsegError } from "../errors.ts";
import type { Carried, OpenSession, Session, TensorData } from "./session.ts";

/** What the worker is asked; answered by a `Reply` of the same id. */
export type Request = { readonly id: number } & (
  | {
      readonly kind: "open";
      readonly model: Uint8Array;
      readonly threads: number;
      readonly carried: readonly Carried[];
    }
  | { readonly kind: "run"; readonly feeds: Readonly<Record<string, TensorData>> }
  | { readonly kind: "state" }
  | { readonly kind: "close" }
);

export type Reply =
  | { readonly id: number; readonly values: Record<string, TensorData> }
  | { readonly id: number; readonly error: string };

type Question = Request extends infer R ? (R extends Request ? Omit<R, "id"> : never) : never;

/** Opens a session on onnxruntime-node's CPU engine, in a worker thread of its own. */
export const openNodeSession: OpenSession = async (model, options = {}) => {
  const session = new NodeSession();
  const { threads = availableParallelism(), carried = [] } = options;
  try {
    await session.ask({ kind: "open", model, threads, carried });
  } catch (error) {
    await session.dispose();
    throw error;
  }
  return session;
};

class NodeSession implements Session {
  readonly #worker = new Worker(new URL("./node-worker.mjs", import.meta.url));
  readonly #pending = new Map<
    number,
    { resolve(values: Record<string, TensorData>): void; reject(error: Error): void }
  >();
  #nextId = 0;
  #closed = false;

  constructor() {
    // An idle session must not keep the program alive.
    this.#worker.unref();
    this.#worker.on("message", (reply: Reply) => {
      const question = this.#take(reply.id);
      if ("error" in reply) question?.reject(engineError(reply.error));
      else question?.resolve(reply.values);
    });
    this.#worker.on("error", (error) => this.#fail(error.message));
    this.#worker.on("exit", () => this.#fail("the engine's thread has ended"));
  }

  run(feeds: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>> {
    return this.ask({ kind: "run", feeds });
  }

  state(): Promise<Record<string, TensorData>> {
    return this.ask({ kind: "state" });
  }

  async dispose(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#send({ kind: "close" }).catch(() => undefined);
    await this.#worker.terminate();
  }

  ask(question: Question): Promise<Record<string, TensorData>> {
    if (this.#closed) return Promise.reject(engineError("the session has been disposed of"));
    return this.#send(question);
  }

  #send(question: Question): Promise<Record<string, TensorData>> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ ...question, id } satisfies Request);
    });
  }

  #take(id: number) {
    const question = this.#pending.get(id);
    this.#pending.delete(id);
    if (this.#pending.size === 0) this.#worker.unref();
    return question;
  }

  #fail(message: string): void {
    this.#closed = true;
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(engineError(message));
  }
}

function engineError(message: string): LightsegError {
  return new LightsegError({
    code: "RUNTIME",
    where: "session",
    argument: "engine",
    rule: `failed: ${message}`,
  });
}
