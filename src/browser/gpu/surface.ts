import type { GpuNetwork } from "./network.ts";
import { bufferUsage, textureUsage } from "./shader.ts";

/** Bytes of the pixel counts: a uint32 for each of 256 labels. */
export const COUNTS_BYTES = 4 * 256;

/** What belongs to frames of one size. */
export interface Surface {
  readonly network: GpuNetwork;
  readonly frame: GPUTexture;
  /** A byte for each pixel. */
  readonly labels: GPUTexture;
  readonly counts: GPUBuffer;
  /** Width and height of the scores and of the frame. */
  readonly sizes: GPUBuffer;
  readonly staging: {
    readonly counts: GPUBuffer;
    readonly labels: { readonly buffer: GPUBuffer; readonly bytesPerRow: number };
  };
  dispose(): Promise<void>;
}

export function openSurface(
  device: GPUDevice,
  network: GpuNetwork,
  [width, height]: [number, number],
): Surface {
  const { copySrc, copyDst, binding, render } = textureUsage;
  const texture = (format: GPUTextureFormat, usage: number) =>
    device.createTexture({ size: [width, height], format, usage });
  const buffer = (size: number, usage: number) => device.createBuffer({ size, usage });
  const frame = texture("rgba8unorm", binding | copyDst | render);
  const labels = texture("r8uint", binding | copySrc | render);
  const counts = buffer(COUNTS_BYTES, bufferUsage.storage | bufferUsage.copySrc | bufferUsage.copyDst);
  const sizes = buffer(16, bufferUsage.uniform | bufferUsage.copyDst);
  // Rows of a texture leave it at multiples of 256 bytes.
  const bytesPerRow = 256 * Math.ceil(width / 256);
  const staged = bufferUsage.mapRead | bufferUsage.copyDst;
  const staging = {
    counts: buffer(COUNTS_BYTES, staged),
    labels: { buffer: buffer(bytesPerRow * height, staged), bytesPerRow },
  };
  return {
    ...{ network, frame, labels, counts, sizes, staging },
    async dispose() {
      for (const resource of [frame, labels, counts, sizes, staging.counts, staging.labels.buffer])
        resource.destroy();
      await network.dispose();
    },
  };
}

/** The labels alone, out of rows as they leave the GPU. */
export function withoutPadding(
  rows: Uint8Array,
  bytesPerRow: number,
  [width, height]: [number, number],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    bytes.set(rows.subarray(y * bytesPerRow, y * bytesPerRow + width), y * width);
  return bytes;
}
