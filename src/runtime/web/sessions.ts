import { LightsegError, messageOf } from "../../errors.ts";
import { engineResult, requireOutputs } from "../engine-error.ts";
import { OrtSession } from "../ort-session.mjs";
import type { Feeds, OpenSession, Session, TensorData } from "../session.ts";

/** A build of onnxruntime-web; builds differ in their execution providers, and in size. */
type OrtBuild = typeof import("onnxruntime-web");

/** Where onnxruntime-web runs a model: on a WebGPU device, or on the CPU. */
type ExecutionProvider = { readonly name: "webgpu"; readonly device: GPUDevice } | { readonly name: "wasm" };

/** Rejected where the engine that was given does not start, on which onnxruntime-web would wait for ever. */
let engineFailed: Promise<never> | undefined;

/**
 * Gives the engine its WebAssembly module, compiled, before the first session; it would fetch and compile one
 * of its own otherwise. scripts/give-engine.ts makes onnxruntime-web's script look here.
 */
export function giveEngine(module: WebAssembly.Module): void {
  engineFailed = new Promise((_, reject) => {
    const instantiateWasm = (
      imports: WebAssembly.Imports,
      receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ): void => {
      WebAssembly.instantiate(module, imports)
        .then((instance) => receive(instance, module))
        .catch((cause: unknown) => reject(unfitEngine(cause)));
    };
    Object.assign(globalThis, { lightsegEngine: { instantiateWasm } });
  });
  // Marks the rejection as handled. Sessions that are opened still get it.
  engineFailed.catch(() => undefined);
}

/**
 * Opens sessions on onnxruntime-web, in the calling thread, which WebAssembly blocks during a run.
 *
 * The first session sets the number of threads; WebAssembly cannot change it afterwards.
 */
export function webSessions(ort: OrtBuild, provider: ExecutionProvider): OpenSession {
  return async (model, { threads, carried = [] } = {}) => {
    if (threads !== undefined) ort.env.wasm.numThreads = threads;
    const options = { executionProviders: [provider], carried };
    const opening = OrtSession.open(ort, model, options);
    return new WebSession(await engineResult(engineFailed ? Promise.race([opening, engineFailed]) : opening));
  };
}

function unfitEngine(cause: unknown): LightsegError {
  const rule = `must be the engine of this version of lightseg, and does not start: ${messageOf(cause)}`;
  const hint = "where files of the package were copied, copy them anew; memory may be short";
  return new LightsegError({ code: "RUNTIME", where: "session", argument: "engine", rule, hint, cause });
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
