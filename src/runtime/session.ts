import type { Provider } from "../graph/onnx/writer.ts";

/** A tensor outside the graph: values in row-major order and their shape. */
export interface TensorData {
  /** Float32, int32 or uint8 values. */
  readonly data: Float32Array | Int32Array | Uint8Array;
  /** The extent of each axis; empty for a scalar. */
  readonly shape: readonly number[];
}

/** A value that stays in the engine between runs: an output of one run is an input of the next. */
export interface Carried {
  /** Name of the input. */
  readonly input: string;
  /** Name of the output that becomes the input of the next run. */
  readonly output: string;
  /** The input of the first run. */
  readonly initial: TensorData;
}

/** The largest number of threads a session takes: more would stall any machine of today. */
export const MAX_THREADS = 256;

/** Options of `OpenSession`. */
export interface SessionOptions {
  /** Threads of the engine, 1 to 256. Defaults to the number of cores. */
  threads?: number | undefined;
  /** Values that stay in the engine between runs, such as weights in training. Defaults to none. */
  carried?: readonly Carried[] | undefined;
}

/** An ONNX model ready to run. Runs are asynchronous and follow one another in the order of the calls. */
export interface Session {
  /**
   * Computes outputs of the model, and the next carried values.
   *
   * @param feeds every input of the model by name, but for carried ones; they must stay as they are until the
   *   run has ended
   * @param outputs names of the outputs wanted
   * @param handOver names of inputs whose memory may be moved to the engine's thread instead of copied; the
   *   caller cannot use it afterwards. Defaults to none
   * @throws LightsegError RUNTIME if the engine fails or the model lacks an output
   */
  run<Name extends string>(
    feeds: Feeds,
    outputs: readonly Name[],
    handOver?: readonly string[],
  ): Promise<Record<Name, TensorData>>;
  /** The carried values after the last run, by input name. */
  state(): Promise<Record<string, TensorData>>;
  /** Frees the engine's memory. Runs under way finish first; later ones fail. */
  dispose(): Promise<void>;
}

/** Values of a model's inputs, by name. */
export type Feeds = Readonly<Record<string, TensorData>>;

/** Opens sessions on ONNX models. */
export interface OpenSession {
  (model: Uint8Array, options?: SessionOptions): Promise<Session>;
  /** The provider that runs them, which models should be written for. Defaults to the CPU's. */
  readonly provider?: Provider;
  /** How many runs of a session are done at once. Defaults to 1. */
  readonly concurrency?: number;
}

/** An engine and how it is used. The platform makes one; functions that run models take it. */
export interface Engine {
  readonly open: OpenSession;
  /** The engine's fastest layout. Defaults to `blocked` on the CPU, `plain` elsewhere. */
  readonly target?: Layout | undefined;
  /** Threads of the engine, 1 to 256. Defaults to the number of cores. */
  readonly threads?: number | undefined;
}

/** `blocked`: NCHWc, which onnxruntime-node uses for float32 convolutions. `plain`: NCHW. */
export type Layout = "blocked" | "plain";
