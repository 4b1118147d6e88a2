// @ts-check
/**
 * The worker thread that runs onnxruntime-node, whose `run` blocks the thread that calls it.
 *
 * Plain JavaScript, because Node 20 starts a worker from a file as it is, and tests run from the sources.
 *
 * @typedef {import("./protocol.ts").SessionProtocol} SessionProtocol
 * @typedef {import("../rpc.ts").Request<SessionProtocol>} Request
 * @typedef {import("../rpc.ts").Reply<SessionProtocol>} Reply
 */
import { parentPort, workerData } from "node:worker_threads";
import * as ort from "onnxruntime-node";
import { OrtSession } from "../ort-session.mjs";

if (!parentPort) throw new Error("session-worker.mjs is a worker thread, not a program");
const port = parentPort;

/** See `ExitGuard`. @type {{ busy: Int32Array; leaving: Int32Array }} */
const { busy, leaving } = workerData;

/** @type {OrtSession | undefined} */
let session;

/**
 * Buffers of training are of the same sizes in each step, so all are kept: making them anew took half of a
 * step.
 *
 * @param {boolean} isTraining
 */
function webgpuOptions(isTraining) {
  const kept = /** @type {const} */ ({ storageBufferCacheMode: "simple", uniformBufferCacheMode: "simple" });
  return /** @type {const} */ ({ name: "webgpu", validationMode: "disabled", ...(isTraining && kept) });
}

/** @param {Request} message */
async function answer({ kind, request }) {
  if (kind === "open") {
    const { model, device, threads, carried, reader } = request;
    const executionProviders = device === "webgpu" ? [webgpuOptions(carried.length > 0)] : [{ name: device }];
    session = await OrtSession.open(ort, model, {
      executionProviders,
      intraOpNumThreads: threads,
      carried,
      reader,
    });
    return undefined;
  }
  if (!session) throw new Error("the session is not open");
  if (kind === "run") return session.run(request.feeds, request.outputs);
  if (kind === "state") return session.state();
  await session.dispose();
  session = undefined;
  return undefined;
}

/**
 * The memory of a run's outputs, which is moved: that takes much less time than a copy. Carried values, which
 * `state` answers with, stay.
 *
 * @param {Request["kind"]} kind
 * @param {Record<string, import("../session.ts").TensorData> | undefined} values
 */
function movableMemory(kind, values = {}) {
  const buffers = Object.values(values).map(({ data }) => data.buffer);
  return kind === "run" ? buffers.filter((buffer) => buffer instanceof ArrayBuffer) : [];
}

/** Requests are answered one after the other, in the order they came in. */
let queue = Promise.resolve();
port.on("message", (/** @type {Request} */ message) => {
  const { id } = message;
  queue = queue.then(async () => {
    /** @type {Reply} */
    let reply;
    Atomics.store(busy, 0, 1);
    try {
      if (Atomics.load(leaving, 0)) throw new Error("the program is ending");
      reply = { id, answer: await answer(message) };
    } catch (error) {
      reply = { id, error: { defect: error instanceof Error ? error.message : String(error) } };
    }
    Atomics.store(busy, 0, 0);
    Atomics.notify(busy, 0);
    port.postMessage(reply, "answer" in reply ? movableMemory(message.kind, reply.answer) : []);
  });
});
