import { availableParallelism } from "node:os";
import { type Transferable, Worker } from "node:worker_threads";
import { checkInteger, checkKeys, invalidArgument } from "../../check.ts";
import { type LightsegError, messageOf } from "../../errors.ts";
import { lowerToOnnx } from "../../graph/onnx/lower.ts";
import { input } from "../../graph/tensor.ts";
import { requireUnbundled } from "../../node/bundled.ts";
import { engineError, requireOutputs } from "../engine-error.ts";
import { type Reply, RpcClient } from "../rpc.ts";
import {
  type Carried,
  type Feeds,
  MAX_THREADS,
  type OpenSession,
  type Session,
  type TensorData,
} from "../session.ts";
import { Turns } from "../turns.ts";
import type { Device } from "./devices.ts";
import { isUnloadable, requireEngine, unloadableEngine } from "./engine-package.ts";
import { ExitGuard } from "./exit-guard.ts";
import type { SessionProtocol } from "./protocol.ts";

/** Opens sessions on onnxruntime-node's CPU engine, each in a worker thread of its own. */
export const openNodeSession: OpenSession = nodeSessions("cpu");

/**
 * All sessions on WebGPU share one device, which the engine does not guard against threads that use it at the
 * same time: it then writes to commands of another session, and ends the process.
 */
const webgpuTurns = new Turns();

/**
 * Opens sessions on a device, each in a worker thread of its own. Carried values stay on the device.
 *
 * Devices other than `cpu` are taken as they are; `findDevice` makes sure that one works.
 */
export function nodeSessions(device: Device): OpenSession {
  const turns = device === "webgpu" ? webgpuTurns : undefined;
  const open: OpenSession = async (model, options = {}) => {
    checkKeys(options, ["threads", "carried"], "openSession");
    const { threads = availableParallelism(), carried = [] } = options;
    if (!(model instanceof Uint8Array))
      throw invalidArgument("openSession", "model", "must be the bytes of an ONNX model", model);
    checkInteger(threads, "openSession", "threads", 1, MAX_THREADS);
    const thread = startThread();
    const session = new NodeSession(thread, turns);
    const reader = device !== "cpu" && carried.length > 0 ? copyingModel(carried) : undefined;
    try {
      await session.open({ model, device, threads, carried, reader });
    } catch (error) {
      await session.dispose();
      throw error;
    }
    return session;
  };
  // Graphs for WebGPU are what any GPU is good at.
  return Object.assign(open, { provider: device === "cpu" ? ("cpu" as const) : ("webgpu" as const) });
}

/** A model that gives its inputs back, so that the engine copies them from the GPU. */
function copyingModel(carried: readonly Carried[]): Uint8Array {
  const outputs = carried.map(({ input: name, initial }) => [`copy:${name}`, input(name, initial.shape)]);
  return lowerToOnnx(Object.fromEntries(outputs), { parameters: () => "input" });
}

interface EngineThread {
  readonly worker: Worker;
  readonly client: RpcClient<SessionProtocol, Transferable>;
}

function startThread(): EngineThread {
  requireUnbundled("session-worker.mjs");
  requireEngine();
  const guard = new ExitGuard();
  const worker = new Worker(/* webpackIgnore: true */ new URL("./session-worker.mjs", import.meta.url), {
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
  const fail = (error: LightsegError) => {
    guard.release();
    client.abort(error);
  };
  worker.on("message", (reply: Reply<SessionProtocol>) => client.receive(reply));
  worker.on("error", (error) =>
    fail(isUnloadable(error) ? unloadableEngine(error) : engineError(messageOf(error))),
  );
  worker.on("exit", () => fail(engineError("the engine's thread has ended")));
  return { worker, client };
}

class NodeSession implements Session {
  readonly #thread: EngineThread;
  readonly #turns: Turns | undefined;
  #disposing: Promise<void> | undefined;

  /** @param turns what all requests wait for; undefined where threads may work side by side */
  constructor(thread: EngineThread, turns: Turns | undefined) {
    this.#thread = thread;
    this.#turns = turns;
  }

  open(request: SessionProtocol["open"]["request"]): Promise<undefined> {
    return this.#take(() => this.#thread.client.ask("open", request));
  }

  async run<Name extends string>(
    feeds: Feeds,
    outputs: readonly Name[],
    handOver: readonly string[] = [],
  ): Promise<Record<Name, TensorData>> {
    const ask = () => {
      const moved = Object.entries(feeds).map(
        ([name, tensor]) => [name, handOver.includes(name) ? tensor : copyOf(tensor)] as const,
      );
      const transfer = moved.flatMap(([, tensor]) => wholeBuffer(tensor));
      return this.#thread.client.ask("run", { feeds: Object.fromEntries(moved), outputs }, transfer);
    };
    return requireOutputs(await this.#take(ask), outputs);
  }

  state(): Promise<Record<string, TensorData>> {
    return this.#take(() => this.#thread.client.ask("state", {}));
  }

  dispose(): Promise<void> {
    this.#disposing ??= this.#take(() => this.#dispose());
    return this.#disposing;
  }

  #take<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns ? this.#turns.take(work) : work();
  }

  async #dispose(): Promise<void> {
    const { client, worker } = this.#thread;
    const closing = client.ask("close", {}).catch(() => undefined);
    client.close(engineError("the session has been disposed of"));
    await closing;
    // The end of a thread frees what it left to the garbage collector.
    await worker.terminate();
  }
}

/** Copying and moving the copy takes much less time than letting the message copy. */
function copyOf({ data, shape }: TensorData): TensorData {
  // Not `slice`, which gives a view where the bytes are a Buffer.
  if (data instanceof Float32Array) return { data: new Float32Array(data), shape };
  if (data instanceof Int32Array) return { data: new Int32Array(data), shape };
  return { data: new Uint8Array(data), shape };
}

/** The memory of a tensor, unless it holds other values too. */
function wholeBuffer({ data: { buffer, byteLength } }: TensorData): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}
