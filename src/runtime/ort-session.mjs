// @ts-check
/**
 * A session of ONNX Runtime with carried values: the part that Node and browsers share.
 *
 * Plain JavaScript, because Node's worker thread imports it from the sources, which Node 20 cannot compile.
 *
 * @typedef {import("./session.ts").Carried} Carried
 * @typedef {import("./session.ts").TensorData} TensorData
 * @typedef {Pick<typeof import("onnxruntime-node"), "InferenceSession" | "Tensor">} Ort
 *   what a package of ONNX Runtime offers; onnxruntime-web has the same types
 * @typedef {import("onnxruntime-node").Tensor} Tensor
 * @typedef {import("onnxruntime-node").InferenceSession.SessionOptions} EngineOptions
 */

export class OrtSession {
  /** @type {Ort} */
  #ort;
  /** @type {import("onnxruntime-node").InferenceSession} */
  #session;
  /** @type {readonly Carried[]} */
  #carried;
  /** Carried values by input name. @type {Record<string, Tensor>} */
  #state;

  /**
   * @param {Ort} ort
   * @param {import("onnxruntime-node").InferenceSession} session
   * @param {readonly Carried[]} carried
   */
  constructor(ort, session, carried) {
    this.#ort = ort;
    this.#session = session;
    this.#carried = carried;
    this.#state = Object.fromEntries(carried.map(({ input, initial }) => [input, toTensor(ort, initial)]));
  }

  /**
   * Opens a session on an ONNX model.
   *
   * @param {Ort} ort
   * @param {Uint8Array} model
   * @param {EngineOptions & { carried?: readonly Carried[] }} options
   */
  static async open(ort, model, { carried = [], ...options }) {
    const session = await ort.InferenceSession.create(model, { logSeverityLevel: 3, ...options });
    return new OrtSession(ort, session, carried);
  }

  /**
   * Computes the outputs of these names, and the next carried values.
   *
   * @param {Readonly<Record<string, TensorData>>} feeds
   * @param {readonly string[]} outputs
   * @returns {Promise<Record<string, TensorData>>}
   */
  async run(feeds, outputs) {
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, value]) => [name, toTensor(this.#ort, value)]),
    );
    const names = [...outputs, ...this.#carried.map(({ output }) => output)];
    const values = new Map(Object.entries(await this.#session.run({ ...inputs, ...this.#state }, names)));
    for (const { input, output } of this.#carried) {
      const value = values.get(output);
      if (value) this.#state[input] = value;
      values.delete(output);
    }
    return readTensors(values);
  }

  /** The carried values by input name. */
  state() {
    return readTensors(new Map(Object.entries(this.#state)));
  }

  /** Frees the engine's memory. */
  dispose() {
    return this.#session.release();
  }
}

/** @param {Ort} ort @param {TensorData} value @returns {Tensor} */
function toTensor(ort, { data, shape }) {
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, shape);
  if (data instanceof Int32Array) return new ort.Tensor("int32", data, shape);
  return new ort.Tensor("uint8", data, shape);
}

/** @param {ReadonlyMap<string, Tensor>} tensors @returns {Promise<Record<string, TensorData>>} */
async function readTensors(tensors) {
  const values = [...tensors].map(async ([name, tensor]) => {
    const data = await tensor.getData();
    if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array)
      return [name, { data, shape: tensor.dims }];
    throw new Error(`output ${name} has element type ${tensor.type}, which is not read back`);
  });
  return Object.fromEntries(await Promise.all(values));
}
