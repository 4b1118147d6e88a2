// @ts-check
/**
 * The worker thread in which onnxruntime-node runs, since its `run` blocks the thread that calls it.
 *
 * Plain JavaScript, because Node 20 starts a worker from a file as it is and tests run from the sources.
 *
 * @typedef {import("./session.ts").TensorData} TensorData
 * @typedef {import("./node.ts").Request} Request
 * @typedef {import("./node.ts").Reply} Reply
 */
import { parentPort, workerData } from "node:worker_threads";
import * as ort from "onnxruntime-node";

if (!parentPort) throw new Error("node-worker.mjs is a worker thread, not a program");
const port = parentPort;

/** See `ExitGuard`. @type {{ busy: Int32Array; leaving: Int32Array }} */
const { busy, leaving } = workerData;

/** @type {ort.InferenceSession | undefined} */
let session;
/** @type {readonly { input: string; output: string }[]} */
let carried = [];
/** Carried values by input name. @type {Record<string, ort.Tensor>} */
let state = {};

/** @param {TensorData} value */
function toTensor({ data, dims }) {
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, dims);
  if (data instanceof Int32Array) return new ort.Tensor("int32", data, dims);
  return new ort.Tensor("uint8", data, dims);
}

/** @param {ort.Tensor} tensor @returns {TensorData} */
function fromTensor({ data, dims, type }) {
  if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array)
    return { data, dims };
  throw new Error(`an output has element type ${type}, which is not read back`);
}

/** @param {Request} request @returns {Promise<Record<string, TensorData>>} */
async function answer(request) {
  if (request.kind === "open") {
    session = await ort.InferenceSession.create(request.model, {
      intraOpNumThreads: request.threads,
      logSeverityLevel: 3,
    });
    carried = request.carried;
    state = Object.fromEntries(request.carried.map(({ input, initial }) => [input, toTensor(initial)]));
    return {};
  }
  if (!session) throw new Error("the session is not open");
  if (request.kind === "state") {
    return Object.fromEntries(Object.entries(state).map(([name, tensor]) => [name, fromTensor(tensor)]));
  }
  if (request.kind === "close") {
    await session.release();
    session = undefined;
    return {};
  }
  const feeds = Object.fromEntries(
    Object.entries(request.feeds).map(([name, value]) => [name, toTensor(value)]),
  );
  const outputs = new Map(Object.entries(await session.run({ ...feeds, ...state })));
  for (const { input, output } of carried) {
    const value = outputs.get(output);
    if (!value) throw new Error(`the model has no output ${output}`);
    outputs.delete(output);
    state[input] = value;
  }
  return Object.fromEntries([...outputs].map(([name, tensor]) => [name, fromTensor(tensor)]));
}

/** One request after the other, in the order in which they came. */
let queue = Promise.resolve();
port.on("message", (/** @type {Request} */ request) => {
  queue = queue.then(async () => {
    /** @type {Reply} */
    let reply;
    Atomics.store(busy, 0, 1);
    try {
      if (Atomics.load(leaving, 0)) throw new Error("the program is ending");
      reply = { id: request.id, values: await answer(request) };
    } catch (error) {
      reply = { id: request.id, error: error instanceof Error ? error.message : String(error) };
    }
    Atomics.store(busy, 0, 0);
    Atomics.notify(busy, 0);
    port.postMessage(reply);
  });
});
