import { shareOut } from "../../inference/class-shares.ts";
import type { Dtype } from "../../inference/dtype.ts";
import type { Model } from "../../models/model.ts";
import { findNetwork } from "../../models/zoo.ts";
import { engineError, engineResult, type OrtBuild } from "../../runtime/web.ts";
import { checkSmoothing } from "../../video/smoothing.ts";
import type { FramePainter, PaintedPicture, PaintFrameOptions } from "../painting/frame-painter.ts";
import { createLabelChooser, createLabelCounter } from "./choose-labels.ts";
import { openGpuNetwork } from "./network.ts";
import { GpuFramePainter } from "./paint-frame.ts";
import { createFramePreparer } from "./prepare-frame.ts";
import { readBuffer } from "./shader.ts";
import { GpuScoreSmoother } from "./smooth-scores.ts";
import { COUNTS_BYTES, openSurface, type Surface, withoutPadding } from "./surface.ts";

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
    const network = await openGpuNetwork(model, { ort, device, dtype, width, height });
    surface = openSurface(device, network, [width, height]);
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

function configure(canvas: OffscreenCanvas, device: GPUDevice, format: GPUTextureFormat): GPUCanvasContext {
  const context = canvas.getContext("webgpu");
  if (!(context instanceof GPUCanvasContext)) throw engineError("the browser gives no canvas for WebGPU");
  context.configure({ device, format, alphaMode: "premultiplied" });
  return context;
}
