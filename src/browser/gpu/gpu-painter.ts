import { shareOut } from "../../inference/class-shares.ts";
import type { Dtype } from "../../model-files/dtype.ts";
import type { Model } from "../../model-files/model.ts";
import { engineError, engineResult } from "../../runtime/engine-error.ts";
import type { FramePainter, PaintedPicture, PaintFrameOptions } from "../frame-painter.ts";
import { createLabelChooser, createLabelCounter } from "./choose-labels.ts";
import { openGpuNetwork } from "./network.ts";
import { GpuFramePainter } from "./paint-frame.ts";
import { createFramePreparer } from "./prepare-frame.ts";
import { readBuffer } from "./shader.ts";
import { GpuScoreSmoother } from "./smooth-scores.ts";
import { COUNTS_BYTES, openSurface, type Surface, withoutPadding } from "./surface.ts";

export interface GpuPainterOptions {
  device: GPUDevice;
  dtype: Dtype;
  /** As in `segmentSmoothly`. */
  smoothing: number;
}

/**
 * Paints frames on the device that the network runs on: frame, scores, labels and picture stay there. What is
 * read back is how many pixels each class has, and the labels where they are wanted.
 */
export class GpuPainter implements FramePainter {
  readonly #model: Model;
  readonly #options: GpuPainterOptions;
  readonly #stages: Stages;
  readonly #canvas = new OffscreenCanvas(1, 1);
  readonly #context: GPUCanvasContext;
  /** For frames of the newest size. */
  #surface: Surface | undefined;

  private constructor(model: Model, options: GpuPainterOptions, stages: Stages) {
    this.#model = model;
    this.#options = options;
    this.#stages = stages;
    this.#context = configure(this.#canvas, options.device);
  }

  /** @throws LightsegError RUNTIME if the device fails */
  static async create(model: Model, options: GpuPainterOptions): Promise<GpuPainter> {
    return new GpuPainter(model, options, await engineResult(createStages(model, options)));
  }

  /** @throws LightsegError RUNTIME if the engine or the device fails */
  paint(frame: ImageBitmap, options: PaintFrameOptions): Promise<PaintedPicture> {
    return engineResult(this.#paint(frame, options));
  }

  async dispose(): Promise<void> {
    await this.#surface?.dispose();
    this.#stages.smoother?.reset();
    this.#stages.painter.dispose();
    this.#context.unconfigure();
  }

  async #paint(bitmap: ImageBitmap, { look, labels: isWanted }: PaintFrameOptions): Promise<PaintedPicture> {
    const before = this.#surface;
    const surface = await this.#surfaceFor(bitmap);
    const { network, frame, labels, counts, sizes, staging } = surface;
    const { prepare, choose, count, painter, smoother } = this.#stages;
    const { queue } = this.#options.device;
    const { width, height } = frame;
    const start = performance.now();
    queue.copyExternalImageToTexture({ source: bitmap }, { texture: frame }, [width, height]);
    this.#submit((encoder) => prepare(encoder, { frame, image: network.image }));
    const prepared = performance.now();
    const scores = await network.run();
    await queue.onSubmittedWorkDone();

    const predicted = performance.now();
    queue.writeBuffer(sizes, 0, Uint32Array.of(scores.width, scores.height, width, height));
    this.#submit((encoder) => {
      const values = scores.classes * scores.height * scores.width;
      const mean = smoother?.add(encoder, scores.buffer, values) ?? scores.buffer;
      choose(encoder, { scores: mean, sizes, labels });
      count(encoder, { labels, counts });
      painter.paint(encoder, {
        ...{ frame, labels, scores: { ...scores, buffer: mean } },
        ...{ target: this.#context.getCurrentTexture(), look },
      });
      encoder.copyBufferToBuffer(counts, 0, staging.counts, 0, COUNTS_BYTES);
      if (isWanted) {
        const { buffer, bytesPerRow } = staging.labels;
        encoder.copyTextureToBuffer({ texture: labels }, { buffer, bytesPerRow }, [width, height]);
      }
    });
    scores.release();
    // In the same task: after it the browser clears the canvas.
    const picture = this.#canvas.transferToImageBitmap();
    const found = shareOut(new Uint32Array((await readBuffer(staging.counts)).buffer), this.#model);
    const timing = {
      preprocess: prepared - start,
      inference: predicted - prepared,
      postprocess: performance.now() - predicted,
      warmUp: surface !== before,
    };
    if (!isWanted) return { picture, found, timing };
    const rows = await readBuffer(staging.labels.buffer);
    const bytes = withoutPadding(rows, staging.labels.bytesPerRow, [width, height]);
    return { picture, found, timing, labels: bytes };
  }

  async #surfaceFor({ width, height }: ImageBitmap): Promise<Surface> {
    if (this.#surface?.frame.width === width && this.#surface.frame.height === height) return this.#surface;
    await this.#surface?.dispose();
    this.#surface = undefined;
    this.#stages.smoother?.reset();
    Object.assign(this.#canvas, { width, height });
    const network = await openGpuNetwork(this.#model, { ...this.#options, width, height });
    this.#surface = openSurface(this.#options.device, network, [width, height]);
    return this.#surface;
  }

  #submit(record: (encoder: GPUCommandEncoder) => void): void {
    const { device } = this.#options;
    const encoder = device.createCommandEncoder();
    record(encoder);
    device.queue.submit([encoder.finish()]);
  }
}

type Stages = Awaited<ReturnType<typeof createStages>>;

/** What happens to each frame but the network itself. */
async function createStages(
  { preprocessing, classes, palette, alignCorners }: Model,
  { device, smoothing }: GpuPainterOptions,
) {
  const [prepare, choose, count, painter, smoother] = await Promise.all([
    createFramePreparer(device, preprocessing),
    createLabelChooser(device, { classes: classes.length, alignCorners }),
    createLabelCounter(device),
    GpuFramePainter.create(device, { palette, alignCorners }, navigator.gpu.getPreferredCanvasFormat()),
    smoothing > 0 ? GpuScoreSmoother.create(device, smoothing) : undefined,
  ]);
  return { prepare, choose, count, painter, smoother };
}

function configure(canvas: OffscreenCanvas, device: GPUDevice): GPUCanvasContext {
  const context = canvas.getContext("webgpu");
  if (!(context instanceof GPUCanvasContext)) throw engineError("the browser gives no canvas for WebGPU");
  const format = navigator.gpu.getPreferredCanvasFormat();
  context.configure({ device, format, alphaMode: "premultiplied" });
  return context;
}
