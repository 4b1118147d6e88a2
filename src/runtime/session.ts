/** A tensor outside the graph: values in row-major order and their shape. */
export interface TensorData {
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly dims: readonly number[];
}

/** A value that lives in the engine between runs: an output of one run is an input of the next. */
export interface Carried {
  readonly input: string;
  readonly output: string;
  readonly initial: TensorData;
}

/** More threads than this stall any machine of today. */
export const MAX_THREADS = 256;

export interface SessionOptions {
  /** Threads of the engine, 1 to 256. Defaults to the number of cores. */
  threads?: number;
  /** Values such as weights in training, which never leave the engine unless `state` asks for them. Defaults to none. */
  carried?: readonly Carried[];
}

/** An ONNX model ready to run. Runs happen beside the caller's thread, one after the other. */
export interface Session {
  /**
   * @param feeds every input of the model by name, but for carried ones
   * @param handOver inputs that the caller does not need any more: they are moved to the engine's thread, not copied
   * @returns every output of the model by name, but for carried ones
   * @throws LightsegError RUNTIME if the engine refuses
   */
  run(
    feeds: Readonly<Record<string, TensorData>>,
    handOver?: readonly string[],
  ): Promise<Record<string, TensorData>>;
  /** The carried values as they stand after the last run, by input name. */
  state(): Promise<Record<string, TensorData>>;
  /** Frees the engine's memory. Runs under way are finished first; later ones fail. */
  dispose(): Promise<void>;
}

/** Opens a session on an ONNX model. */
export type OpenSession = (model: Uint8Array, options?: SessionOptions) => Promise<Session>;
