import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { z } from "zod";
import { checkInteger } from "../check.ts";
import { LightsegError } from "../errors.ts";
import { type Carried, MAX_THREADS, type OpenSession, type Session, type TensorData } from "./session.ts";

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
  const { threads = availableParallelism(), carried = [] } = options;
  checkInteger(threads, "openSession", "threads", 1, MAX_THREADS);
  const session = new NodeSession();
  try {
    await session.ask({ kind: "open", model, threads, carried });
  } catch (error) {
    await session.dispose();
    throw error;
  }
  return session;
};

/** Name and version of the engine. */
export function describeEngine(): string {
  const manifest: unknown = createRequire(import.meta.url)("onnxruntime-node/package.json");
  return `onnxruntime-node ${z.object({ version: z.string() }).parse(manifest).version}`;
}

/** A run that takes longer than this is given up when the program ends. */
const LONGEST_WAIT_MS = 30_000;

/**
 * Lets the engine finish before the program ends: `process.exit` in the middle of native code would abort the process.
 *
 * Both sides raise their flag first and look at the other's then, so one of them always sees that the other is at it.
 */
class ExitGuard {
  static readonly #open = new Set<ExitGuard>();
  readonly busy = new Int32Array(new SharedArrayBuffer(4));
  readonly leaving = new Int32Array(new SharedArrayBuffer(4));

  static {
    process.on("exit", () => {
      for (const { leaving } of ExitGuard.#open) Atomics.store(leaving, 0, 1);
      for (const { busy } of ExitGuard.#open) Atomics.wait(busy, 0, 1, LONGEST_WAIT_MS);
    });
  }

  constructor() {
    ExitGuard.#open.add(this);
  }

  release(): void {
    ExitGuard.#open.delete(this);
  }
}

class NodeSession implements Session {
  readonly #guard = new ExitGuard();
  readonly #worker = new Worker(new URL("./node-worker.mjs", import.meta.url), {
    workerData: { busy: this.#guard.busy, leaving: this.#guard.leaving },
    // The program's own flags, such as a loader or --input-type, are not meant for this file.
    execArgv: [],
  });
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

  run(
    feeds: Readonly<Record<string, TensorData>>,
    handOver: readonly string[] = [],
  ): Promise<Record<string, TensorData>> {
    return this.ask(
      { kind: "run", feeds },
      handOver.flatMap((name) => wholeBuffer(feeds[name])),
    );
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

  ask(question: Question, transfer: readonly ArrayBuffer[] = []): Promise<Record<string, TensorData>> {
    if (this.#closed) return Promise.reject(engineError("the session has been disposed of"));
    return this.#send(question, transfer);
  }

  #send(question: Question, transfer: readonly ArrayBuffer[] = []): Promise<Record<string, TensorData>> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      // Throws at once, and the promise rejects, if the values cannot be sent to another thread.
      this.#worker.postMessage({ ...question, id } satisfies Request, transfer);
      this.#pending.set(id, { resolve, reject });
      this.#worker.ref();
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
    this.#guard.release();
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(engineError(message));
  }
}

/** The memory of a tensor, unless other values lie in it too. */
function wholeBuffer(tensor: TensorData | undefined): ArrayBuffer[] {
  const { buffer, byteLength } = tensor?.data ?? {};
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

function engineError(message: string): LightsegError {
  return new LightsegError({
    code: "RUNTIME",
    where: "session",
    argument: "engine",
    rule: `failed: ${message}`,
  });
}
