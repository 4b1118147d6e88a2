/** Sessions on a WebGPU device, and on the CPU by the same build of onnxruntime-web. */
import * as ort from "onnxruntime-web/webgpu";
import { engineError, engineResult } from "../engine-error.ts";
import type { OpenSession } from "../session.ts";
import { webSessions } from "./sessions.ts";

export const openWasmSession = webSessions(ort, { name: "wasm" });

/** Opens sessions on a device. */
export function webgpuSessions(device: GPUDevice): OpenSession {
  return webSessions(ort, { name: "webgpu", device });
}

/** A model on a device whose input and output stay in the GPU's memory. */
export interface GpuSession {
  /** Computes the output from what the input's buffer holds. */
  run(): Promise<GpuTensor>;
  dispose(): Promise<void>;
}

/** A tensor in the GPU's memory. */
export interface GpuTensor {
  readonly buffer: GPUBuffer;
  readonly shape: readonly number[];
  /** Gives the memory back to the engine. */
  release(): void;
}

export interface GpuSessionOptions {
  readonly device: GPUDevice;
  /** The model's one input: float32, in a buffer of the caller. */
  readonly input: { readonly name: string; readonly buffer: GPUBuffer; readonly shape: readonly number[] };
  /** Name of the output. */
  readonly output: string;
}

/**
 * Opens a session whose values stay in the GPU's memory. @throws LightsegError RUNTIME if the engine fails
 */
export async function openGpuSession(
  model: Uint8Array,
  { device, input: { name, buffer, shape }, output }: GpuSessionOptions,
): Promise<GpuSession> {
  const session = await engineResult(
    ort.InferenceSession.create(model, {
      executionProviders: [{ name: "webgpu", device }],
      preferredOutputLocation: "gpu-buffer",
      logSeverityLevel: 3,
    }),
  );
  const feeds = { [name]: ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims: shape }) };
  return {
    async run() {
      const { [output]: tensor } = await engineResult(session.run(feeds, [output]));
      if (!tensor) throw engineError(`output ${output} is missing`);
      return { buffer: tensor.gpuBuffer, shape: tensor.dims, release: () => tensor.dispose() };
    },
    dispose: () => engineResult(session.release()),
  };
}
