import { shareOut } from "../../inference/class-shares.ts";
import type { Dtype } from "../../inference/dtype.ts";
import type { Model } from "../../models/model.ts";
import { findNetwork } from "../../models/zoo.ts";
import { engineError, engineResult, type OrtBuild } from "../../runtime/web.ts";
import { checkSmoothing } from "../../video/smoothing.ts";
import type { FramePainter, PaintedPicture, PaintFrameOptions } from "../painting/frame-painter.ts";
import { createLabelChooser, createLabelCounter } from "./choose-labels.ts";
import { type GpuNetwork, openGpuNetwork } from "./network.ts";
import { GpuFramePainter } from "./paint-frame.ts";
import { createFramePreparer } from "./prepare-frame.ts";
import { bufferUsage, readBuffer, textureUsage } from "./shader.ts";
import { GpuScoreSmoother } from "./smooth-scores.ts";

export interface GpuPainterOptions {
  ort: OrtBuild;
  device: GPUDevice;
  dtype: Dtype;
  /** As in `segmentSmoothly`. */
  smoothing: number;
}

/**
 * Paints frames on the device that the network runs on: frame, scores, labels and picture stay there. What is read back is how many
 * pixels each class has, and the labels where they are wanted.
 *
 * @throws LightsegError INVALID_ARGUMENT for a smoothing out of range, RUNTIME if the engine or the device fails
 */
export async function createGpuPainter(
  model: Model,
  { ort, device, dtype, smoothing }: GpuPainterOptions,
): Promise<FramePainter> {
  checkSmoothing(smoothing);
  const format = navigator.gpu.getPreferredCanvasFormat();
  const { alignCorners } = findNetwork(model.network).decoder;
  const canvas = new OffscreenCanvas(1, 1);
  const context = configure(canvas, device, format);
  const [prepare, choose, count, painter, smoother] = await engineResult(
    Promise.all([
      createFramePreparer(device, model.preprocessing),
      createLabelChooser(device, { classes: model.classes.length, alignCorners }),
      createLabelCounter(device),
      GpuFramePainter.create(device, model.palette, format),
      smoothing > 0 ? GpuScoreSmoother.create(device, smoothing) : undefined,
    ]),
  );
  const submit = (record: (encoder: GPUCommandEncoder) => void) => {
    const encoder = device.createCommandEncoder();
    record(encoder);
    device.queue.submit([encoder.finish()]);
  };
  let surface: Surface | undefined;

  async function surfaceFor({ width, height }: ImageBitmap): Promise<Surface> {
    if (surface?.frame.width === width && surface.frame.height === height) return surface;
    await surface?.dispose();
    surface = undefined;
    smoother?.reset();
    Object.assign(canvas, { width, height });
    surface = openSurface(device, await openGpuNetwork(model, { ort, device, dtype, width, height }), [
      width,
      height,
    ]);
    return surface;
  }

  async function paint(
    bitmap: ImageBitmap,
    { look, labels: isWanted }: PaintFrameOptions,
  ): Promise<PaintedPicture> {
    const { network, frame, labels, counts, sizes, staging } = await surfaceFor(bitmap);
    const { width, height } = frame;
    const start = performance.now();
    device.queue.copyExternalImageToTexture({ source: bitmap }, { texture: frame }, [width, height]);
    submit((encoder) => prepare(encoder, { frame, image: network.image }));
    const prepared = performance.now();
    const scores = await network.run();
    await device.queue.onSubmittedWorkDone();

    const predicted = performance.now();
    device.queue.writeBuffer(sizes, 0, Uint32Array.of(scores.width, scores.height, width, height));
    submit((encoder) => {
      const values = scores.classes * scores.height * scores.width;
      const mean = smoother?.add(encoder, scores.buffer, values) ?? scores.buffer;
      choose(encoder, { scores: mean, sizes, labels });
      count(encoder, { labels, counts });
      painter.paint(encoder, { frame, labels, target: context.getCurrentTexture(), look });
      encoder.copyBufferToBuffer(counts, 0, staging.counts, 0, COUNTS_BYTES);
      if (isWanted) {
        const { buffer, bytesPerRow } = staging.labels;
        encoder.copyTextureToBuffer({ texture: labels }, { buffer, bytesPerRow }, [width, height]);
      }
    });
    scores.release();
    // In the same task: the canvas has its picture no longer than that.
    const picture = canvas.transferToImageBitmap();
    const found = shareOut(new Uint32Array((await readBuffer(staging.counts)).buffer), model);
    const timing = {
      preprocess: prepared - start,
      inference: predicted - prepared,
      postprocess: performance.now() - predicted,
    };
    if (!isWanted) return { picture, found, timing };
    const rows = await readBuffer(staging.labels.buffer);
    return {
      picture,
      found,
      timing,
      labels: withoutPadding(rows, staging.labels.bytesPerRow, [width, height]),
    };
  }

  return {
    paint: (...args) => engineResult(paint(...args)),
    async dispose() {
      await surface?.dispose();
      smoother?.reset();
      painter.dispose();
      context.unconfigure();
    },
  };
}

const COUNTS_BYTES = 4 * 256;

/** What belongs to frames of one size. */
interface Surface {
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

function openSurface(device: GPUDevice, network: GpuNetwork, [width, height]: [number, number]): Surface {
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

function withoutPadding(
  rows: Uint8Array,
  bytesPerRow: number,
  [width, height]: [number, number],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(width * height);
  for (let y = 0; y < height; y++)
    bytes.set(rows.subarray(y * bytesPerRow, y * bytesPerRow + width), y * width);
  return bytes;
}

function configure(canvas: OffscreenCanvas, device: GPUDevice, format: GPUTextureFormat): GPUCanvasContext {
  const context = canvas.getContext("webgpu");
  if (!(context instanceof GPUCanvasContext)) throw engineError("the browser gives no canvas for WebGPU");
  context.configure({ device, format, alphaMode: "premultiplied" });
  return context;
}
