import { engineResult, requireOutputs } from "../engine-error.ts";
import { OrtSession } from "../ort-session.mjs";
import type { Feeds, OpenSession, Session, TensorData } from "../session.ts";

/** A build of onnxruntime-web; builds differ in their execution providers, and in size. */
export type OrtBuild = typeof import("onnxruntime-web");

/** Where onnxruntime-web runs a model: on a WebGPU device, or on the CPU. */
export type Provider = { readonly name: "webgpu"; readonly device: GPUDevice } | { readonly name: "wasm" };

/**
 * Gives the engine its WebAssembly module, compiled, before the first session; it would fetch and compile one
 * of its own otherwise. scripts/give-engine.ts makes onnxruntime-web's script look here.
 */
export function giveEngine(module: WebAssembly.Module): void {
  Object.assign(globalThis, {
    lightsegEngine: {
      instantiateWasm(
        imports: WebAssembly.Imports,
        receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
      ): void {
        void WebAssembly.instantiate(module, imports).then((instance) => receive(instance, module));
      },
    },
  });
}

/**
 * Opens sessions on onnxruntime-web, in the calling thread, which WebAssembly blocks during a run.
 *
 * The first session sets the number of threads; WebAssembly cannot change it afterwards.
 */
export function webSessions(ort: OrtBuild, provider: Provider): OpenSession {
  return async (model, { threads, carried = [] } = {}) => {
    if (threads !== undefined) ort.env.wasm.numThreads = threads;
    const options = { executionProviders: [provider], carried };
    return new WebSession(await engineResult(OrtSession.open(ort, model, options)));
  };
}

class WebSession implements Session {
  readonly #session: OrtSession;

  constructor(session: OrtSession) {
    this.#session = session;
  }

  async run<Name extends string>(feeds: Feeds, outputs: readonly Name[]): Promise<Record<Name, TensorData>> {
    return requireOutputs(await engineResult(this.#session.run(feeds, outputs)), outputs);
  }

  state(): Promise<Record<string, TensorData>> {
    return engineResult(this.#session.state());
  }

  dispose(): Promise<void> {
    return engineResult(this.#session.dispose());
  }
}
