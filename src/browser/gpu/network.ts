import { compileOnnx } from "../../inference/compile-onnx.ts";
import type { Dtype } from "../../model-files/dtype.ts";
import type { Model } from "../../model-files/model.ts";
import { openGpuSession } from "../../runtime/web/webgpu.ts";
import type { GpuScores } from "./choose-labels.ts";
import { bufferUsage } from "./shader.ts";

/** A network whose input and logits stay in the GPU's memory. */
export interface GpuNetwork {
  /** The input of the next run: float32 `[1, 3, H, W]`, normalised. */
  readonly image: GPUBuffer;
  /** Logits at the decoder's resolution; the caller releases them. */
  run(): Promise<GpuScores & { release(): void }>;
  dispose(): Promise<void>;
}

export interface GpuNetworkOptions {
  readonly device: GPUDevice;
  readonly dtype: Dtype;
  /** Height of the frames in pixels. */
  readonly height: number;
  /** Width of the frames in pixels. */
  readonly width: number;
}

/** @throws LightsegError RUNTIME if the engine fails */
export async function openGpuNetwork(
  model: Model,
  { device, dtype, height, width }: GpuNetworkOptions,
): Promise<GpuNetwork> {
  const onnx = compileOnnx(model, { dtype, size: [height, width], target: "plain", input: "image" });
  const usage = bufferUsage.storage | bufferUsage.copySrc | bufferUsage.copyDst;
  const image = device.createBuffer({ size: 4 * 3 * height * width, usage });
  const input = { name: "image", buffer: image, shape: [1, 3, height, width] };
  const session = await openGpuSession(onnx, { device, input, output: "scores" });
  return {
    image,
    async run() {
      const { buffer, shape, release } = await session.run();
      const [, classes = 0, height = 0, width = 0] = shape;
      return { buffer, classes, height, width, release };
    },
    async dispose() {
      image.destroy();
      await session.dispose();
    },
  };
}
