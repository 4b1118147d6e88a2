// @ts-check
/**
 * A session of ONNX Runtime with carried values: the part that Node and browsers share.
 *
 * Plain JavaScript, because Node's worker thread imports it from the sources, which Node 20 cannot compile.
 *
 * @typedef {import("./session.ts").Carried} Carried
 * @typedef {import("./session.ts").TensorData} TensorData
 * @typedef {import("onnxruntime-node").InferenceSession} EngineSession
 * @typedef {{ create(model: Uint8Array, options: EngineOptions): Promise<EngineSession> }} EngineFactory
 * @typedef {Pick<typeof import("onnxruntime-node"), "Tensor"> & { InferenceSession: EngineFactory }} Ort
 *   what a package of ONNX Runtime offers; onnxruntime-web has the same types
 * @typedef {import("onnxruntime-node").Tensor} Tensor
 * @typedef {import("onnxruntime-node").InferenceSession.SessionOptions} EngineOptions
 */

export class OrtSession {
  /** @type {Ort} */
  #ort;
  /** @type {EngineSession} */
  #session;
  /** @type {readonly Carried[]} */
  #carried;
  /** Carried values by input name. @type {Record<string, Tensor>} */
  #state;
  /** Gives the carried values back as they are, from wherever they are. @type {OrtSession | undefined} */
  #reader;

  /**
   * @param {Ort} ort
   * @param {EngineSession} session
   * @param {readonly Carried[]} carried
   * @param {OrtSession} [reader]
   */
  constructor(ort, session, carried, reader) {
    this.#ort = ort;
    this.#session = session;
    this.#carried = carried;
    this.#reader = reader;
    this.#state = Object.fromEntries(carried.map(({ input, initial }) => [input, toTensor(ort, initial)]));
  }

  /**
   * Opens a session on an ONNX model.
   *
   * @param {Ort} ort
   * @param {Uint8Array} model
   * @param {EngineOptions & { carried?: readonly Carried[]; reader?: Uint8Array | undefined }} options with
   *   `reader`, carried values stay on the GPU; it is a model whose inputs are the carried ones, and whose
   *   outputs of the same order are their copies
   */
  static async open(ort, model, { carried = [], reader, ...options }) {
    const all = { logSeverityLevel: /** @type {const} */ (3), ...options };
    if (!reader) return new OrtSession(ort, await ort.InferenceSession.create(model, all), carried);
    /** @type {Record<string, "gpu-buffer">} */
    const preferredOutputLocation = Object.fromEntries(carried.map(({ output }) => [output, "gpu-buffer"]));
    const session = await ort.InferenceSession.create(model, { ...all, preferredOutputLocation });
    const copies = await ort.InferenceSession.create(reader, all);
    return new OrtSession(ort, session, carried, new OrtSession(ort, copies, []));
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
      const last = this.#state[input];
      if (last?.location === "gpu-buffer") last.dispose();
      if (value) this.#state[input] = value;
      values.delete(output);
    }
    return readTensors(values);
  }

  /** The carried values by input name. */
  async state() {
    // Node's binding cannot read what lies on the GPU: it ends the process.
    const values = this.#reader ? await this.#reader.#copy(this.#state) : Object.entries(this.#state);
    return readTensors(new Map(values));
  }

  /** @param {Record<string, Tensor>} values @returns {Promise<[name: string, value: Tensor][]>} */
  async #copy(values) {
    const copies = await this.#session.run(values);
    return this.#session.inputNames.flatMap((name, index) => {
      const copy = copies[this.#session.outputNames[index] ?? ""];
      return copy ? [[name, copy]] : [];
    });
  }

  /** Frees the engine's memory. */
  async dispose() {
    // Released before the session, which owns their memory.
    for (const value of Object.values(this.#state)) if (value.location === "gpu-buffer") value.dispose();
    this.#state = {};
    await this.#reader?.dispose();
    await this.#session.release();
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
