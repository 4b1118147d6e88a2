import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { type Transferable, Worker } from "node:worker_threads";
import { z } from "zod";
import { checkInteger } from "../../check.ts";
import { engineError, requireOutputs } from "../engine-error.ts";
import { type Reply, RpcClient } from "../rpc.ts";
import { type Feeds, MAX_THREADS, type OpenSession, type Session, type TensorData } from "../session.ts";
import { ExitGuard } from "./exit-guard.ts";
import type { SessionProtocol } from "./protocol.ts";

/** Opens a session on onnxruntime-node's CPU engine, in a worker thread of its own. */
export const openNodeSession: OpenSession = async (model, options = {}) => {
  const { threads = availableParallelism(), carried = [] } = options;
  checkInteger(threads, "openSession", "threads", 1, MAX_THREADS);
  const thread = startThread();
  const session = new NodeSession(thread);
  try {
    await thread.client.ask("open", { model, threads, carried });
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

interface EngineThread {
  readonly worker: Worker;
  readonly client: RpcClient<SessionProtocol, Transferable>;
}

function startThread(): EngineThread {
  const guard = new ExitGuard();
  const worker = new Worker(new URL("./session-worker.mjs", import.meta.url), {
    workerData: { busy: guard.busy, leaving: guard.leaving },
    // Flags of the program itself, such as a loader or --input-type, must not reach this file.
    execArgv: [],
  });
  // An idle session must not keep the program alive.
  worker.unref();
  const client = new RpcClient<SessionProtocol, Transferable>({
    post: (request, transfer) => worker.postMessage(request, transfer),
    failure: engineError,
    onWaiting: (isWaiting) => (isWaiting ? worker.ref() : worker.unref()),
  });
  const fail = (message: string) => {
    guard.release();
    client.abort(engineError(message));
  };
  worker.on("message", (reply: Reply<SessionProtocol>) => client.receive(reply));
  worker.on("error", (error) => fail(error.message));
  worker.on("exit", () => fail("the engine's thread has ended"));
  return { worker, client };
}

class NodeSession implements Session {
  readonly #thread: EngineThread;
  #disposing: Promise<void> | undefined;

  constructor(thread: EngineThread) {
    this.#thread = thread;
  }

  async run<Name extends string>(
    feeds: Feeds,
    outputs: readonly Name[],
    handOver: readonly string[] = [],
  ): Promise<Record<Name, TensorData>> {
    const transfer = handOver.flatMap((name) => wholeBuffer(feeds[name]));
    return requireOutputs(await this.#thread.client.ask("run", { feeds, outputs }, transfer), outputs);
  }

  state(): Promise<Record<string, TensorData>> {
    return this.#thread.client.ask("state", {});
  }

  dispose(): Promise<void> {
    this.#disposing ??= this.#dispose();
    return this.#disposing;
  }

  async #dispose(): Promise<void> {
    const { client, worker } = this.#thread;
    const closing = client.ask("close", {}).catch(() => undefined);
    client.close(engineError("the session has been disposed of"));
    await closing;
    await worker.terminate();
  }
}

/** The memory of a tensor, unless it holds other values too. */
function wholeBuffer(tensor: TensorData | undefined): ArrayBuffer[] {
  const { buffer, byteLength } = tensor?.data ?? {};
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
