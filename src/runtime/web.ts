import type { InferenceSession, Tensor } from "onnxruntime-web";
import { LightsegError, messageOf } from "../errors.ts";
import type { Carried, OpenSession, Session, TensorData } from "./session.ts";

/** A build of onnxruntime-web: they differ in the providers that are in them, and in size. */
export type OrtBuild = typeof import("onnxruntime-web");

/** Where onnxruntime-web runs a model: on a device of WebGPU, or on the CPU. */
export type Provider = { readonly name: "webgpu"; readonly device: GPUDevice } | { readonly name: "wasm" };

/**
 * Opens sessions on onnxruntime-web, in the thread that it is called from: WebAssembly blocks it during a run.
 *
 * The number of threads is that of the first session; WebAssembly cannot change it afterwards.
 */
export function webSessions(ort: OrtBuild, provider: Provider): OpenSession {
  return async (model, { threads, carried = [] } = {}) => {
    if (threads !== undefined) ort.env.wasm.numThreads = threads;
    const session = await engineResult(
      ort.InferenceSession.create(model, { executionProviders: [provider], logSeverityLevel: 3 }),
    );
    return new WebSession(ort, session, carried);
  };
}

class WebSession implements Session {
  readonly #ort: OrtBuild;
  readonly #session: InferenceSession;
  readonly #carried: readonly Carried[];
  /** Carried values by input name. */
  readonly #state: Record<string, Tensor>;

  constructor(ort: OrtBuild, session: InferenceSession, carried: readonly Carried[]) {
    this.#ort = ort;
    this.#session = session;
    this.#carried = carried;
    this.#state = Object.fromEntries(carried.map(({ input, initial }) => [input, toTensor(ort, initial)]));
  }

  async run(feeds: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>> {
    const tensors = Object.entries(feeds).map(([name, value]) => [name, toTensor(this.#ort, value)] as const);
    const inputs = { ...Object.fromEntries(tensors), ...this.#state };
    const outputs = new Map(Object.entries(await engineResult(this.#session.run(inputs))));
    for (const { input, output } of this.#carried) {
      const value = outputs.get(output);
      if (!value) throw engineError(`the model has no output ${output}`);
      outputs.delete(output);
      this.#state[input] = value;
    }
    return readTensors(outputs);
  }

  state(): Promise<Record<string, TensorData>> {
    return readTensors(new Map(Object.entries(this.#state)));
  }

  dispose(): Promise<void> {
    return engineResult(this.#session.release());
  }
}

function toTensor(ort: OrtBuild, { data, dims }: TensorData): Tensor {
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, dims);
  if (data instanceof Int32Array) return new ort.Tensor("int32", data, dims);
  return new ort.Tensor("uint8", data, dims);
}

async function readTensors(tensors: ReadonlyMap<string, Tensor>): Promise<Record<string, TensorData>> {
  const values = [...tensors].map(async ([name, tensor]) => {
    const data = await tensor.getData();
    if (data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array)
      return [name, { data, dims: tensor.dims }] as const;
    throw engineError(`output ${name} has element type ${tensor.type}, which is not read back`);
  });
  return Object.fromEntries(await Promise.all(values));
}

/** @throws LightsegError RUNTIME for what the engine throws */
export function engineResult<T>(result: Promise<T>): Promise<T> {
  return result.catch((cause: unknown) => {
    throw cause instanceof LightsegError ? cause : engineError(messageOf(cause), cause);
  });
}

export function engineError(message: string, cause?: unknown): LightsegError {
  const rule = `failed: ${message}`;
  return new LightsegError({ code: "RUNTIME", where: "session", argument: "engine", rule, cause });
}
