import { type ErrorDetails, LightsegError } from "../errors.ts";

/** The requests a worker understands, by kind: what each carries, and what its answer holds. */
export type Protocol<P> = { readonly [K in keyof P]: { readonly request: object; readonly answer: unknown } };

/** A request on its way to a worker. */
export type Request<P extends Protocol<P>> = {
  [K in keyof P]: { readonly id: number; readonly kind: K; readonly request: P[K]["request"] };
}[keyof P];

/** A worker's answer to the request of the same id. */
export type Reply<P extends Protocol<P>> =
  | { readonly id: number; readonly answer: P[keyof P]["answer"] }
  | { readonly id: number; readonly error: WorkerError };

/** An error in a form that can be sent: the parts of a LightsegError, or the message of any other error. */
export type WorkerError = ErrorDetails | { readonly defect: string };

/** What a client needs of its worker. `Transfer`: what the platform can move between threads. */
export interface RpcWorker<P extends Protocol<P>, Transfer> {
  /** Sends a request. */
  post(request: Request<P>, transfer: readonly Transfer[]): void;
  /** Makes the error for a failure in the worker. */
  failure(message: string): LightsegError;
  /** Called when a first request waits for its answer, and when none waits any more. */
  onWaiting?(isWaiting: boolean): void;
}

/** Sends requests to a worker and hands each answer to its caller. */
export class RpcClient<P extends Protocol<P>, Transfer> {
  readonly #worker: RpcWorker<P, Transfer>;
  readonly #pending = new Map<number, Pending<P>>();
  #nextId = 0;
  /** Why requests are refused. */
  #closed: Error | undefined;

  constructor(worker: RpcWorker<P, Transfer>) {
    this.#worker = worker;
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @param transfer what is moved to the worker instead of copied
   * @throws LightsegError what the worker threw, or why the client is closed
   */
  ask<K extends keyof P>(
    kind: K,
    request: P[K]["request"],
    transfer: readonly Transfer[] = [],
  ): Promise<P[K]["answer"]> {
    return new Promise<P[K]["answer"]>((resolve, reject) => {
      if (this.#closed) throw this.#closed;
      const id = this.#nextId++;
      this.#worker.post({ id, kind, request }, transfer);
      this.#pending.set(id, { resolve, reject });
      this.#worker.onWaiting?.(true);
    });
  }

  /** Takes an answer that came from the worker. */
  receive(reply: Reply<P>): void {
    const caller = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ("answer" in reply) caller?.resolve(reply.answer);
    else caller?.reject(this.#read(reply.error));
    if (this.#pending.size === 0) this.#worker.onWaiting?.(false);
  }

  /** Refuses further requests; those sent before still get their answers. */
  close(reason: Error): void {
    this.#closed ??= reason;
  }

  /** Refuses further requests and those without an answer, as when the worker has ended. */
  abort(reason: Error): void {
    this.close(reason);
    for (const { reject } of this.#pending.values()) reject(this.#closed ?? reason);
    this.#pending.clear();
    this.#worker.onWaiting?.(false);
  }

  #read(error: WorkerError): LightsegError {
    return "defect" in error ? this.#worker.failure(error.defect) : new LightsegError(error);
  }
}

/**
 * Methods, not function properties: TypeScript compares their parameters bivariantly, so `ask` can store a
 * resolve for its own answer.
 */
interface Pending<P extends Protocol<P>> {
  resolve(answer: P[keyof P]["answer"]): void;
  reject(error: Error): void;
}
