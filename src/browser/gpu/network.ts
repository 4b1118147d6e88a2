import { compileOnnx } from "../../inference/compile-onnx.ts";
import type { Model } from "../../model-files/description.ts";
import type { Dtype } from "../../model-files/dtype.ts";
import { engineError, engineResult, type OrtBuild } from "../../runtime/web.ts";
import type { GpuScores } from "./choose-labels.ts";
import { bufferUsage } from "./shader.ts";

/** A network whose input and scores stay in the GPU's memory. */
export interface GpuNetwork {
  /** What the next run reads: float32 `[1, 3, H, W]`, normalised. */
  readonly image: GPUBuffer;
  /** Scores at the decoder's resolution, to be released by the caller. */
  run(): Promise<GpuScores & { release(): void }>;
  dispose(): Promise<void>;
}

export interface GpuNetworkOptions {
  ort: OrtBuild;
  device: GPUDevice;
  dtype: Dtype;
  /** Of the frames, in pixels. */
  height: number;
  width: number;
}

/** @throws LightsegError RUNTIME if the engine refuses */
export async function openGpuNetwork(
  model: Model,
  { ort, device, dtype, height, width }: GpuNetworkOptions,
): Promise<GpuNetwork> {
  const onnx = compileOnnx(model, { dtype, size: [height, width], target: "plain", input: "image" });
  const session = await engineResult(
    ort.InferenceSession.create(onnx, {
      executionProviders: [{ name: "webgpu", device }],
      preferredOutputLocation: "gpu-buffer",
      logSeverityLevel: 3,
    }),
  );
  const dims = [1, 3, height, width];
  const usage = bufferUsage.storage | bufferUsage.copySrc | bufferUsage.copyDst;
  const image = device.createBuffer({ size: 4 * 3 * height * width, usage });
  const feeds = { image: ort.Tensor.fromGpuBuffer(image, { dataType: "float32", dims }) };
  return {
    image,
    async run() {
      const { scores } = await engineResult(session.run(feeds));
      const [, classes = 0, height = 0, width = 0] = scores?.dims ?? [];
      if (!scores) throw engineError("the network has no scores");
      return { buffer: scores.gpuBuffer, classes, height, width, release: () => scores.dispose() };
    },
    async dispose() {
      image.destroy();
      await engineResult(session.release());
    },
  };
}
