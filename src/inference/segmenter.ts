import { LightsegError } from "../errors.ts";
import { checkPhoto } from "../images/check.ts";
import { resizeLabels, shrinkPhoto } from "../images/resample.ts";
import type { Palette, Photo } from "../images/types.ts";
import type { ModelDescription } from "../models/model.ts";
import type { OpenSession, TensorData } from "../runtime/session.ts";
import { createPredictor, labelsOf, type OutputName, type Predictor, type Timing } from "./predictor.ts";
import type { RunnableModel } from "./quantized-model.ts";

/** A photo as a path, as the bytes of a file, or as raw pixels `[H, W, 3]`. */
export type PhotoSource = string | Uint8Array | Photo;

/** What differs between Node and browsers. */
export interface Platform {
  readonly open: OpenSession;
  readonly decodePhoto: (source: string | Uint8Array) => Promise<Photo>;
}

export interface SegmentOptions {
  /** Also compute how sure the network is of each class, which takes some time. Defaults to false. */
  confidence?: boolean;
  /** Also give the network's raw scores. Defaults to false. */
  scores?: boolean;
}

/** What was found of one class. */
export interface ClassShare {
  readonly label: number;
  readonly name: string;
  readonly color: Palette[number];
  readonly pixels: number;
  /** Share of all pixels, 0..1. */
  readonly share: number;
  /** Mean softmax probability over the pixels of this class, 0..1; only where it was asked for. */
  readonly confidence?: number;
}

export interface Segmentation {
  /** Size of the photo, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Class index of each pixel, row-major `[H, W]`. */
  readonly labels: Uint8Array;
  /** The photo that was segmented. */
  readonly photo: Photo;
  /** Class names by index. */
  readonly classes: readonly string[];
  readonly palette: Palette;
  /** The classes that were found, the largest first. */
  readonly found: readonly ClassShare[];
  /** Raw scores, float32 `[1, classes, h, w]` at the decoder's resolution: no upsampling, no softmax; only where they were asked for. */
  readonly scores?: TensorData;
  /** Milliseconds. */
  readonly timing: Timing;
  /** What the network saw: the photo's size, or less for a photo of more than `maxPixels`. */
  readonly networkSize: { readonly width: number; readonly height: number };
}

export interface SegmenterOptions {
  /** Threads of the engine. Defaults to the number of cores. */
  threads?: number;
  /**
   * Larger photos are shrunk for the network, and their labels enlarged again, since memory grows with the pixels:
   * about 1 GB at the default of 4,194,304 (2048 x 2048).
   */
  maxPixels?: number;
}

const MAX_NETWORK_PIXELS = 2048 * 2048;

/**
 * Segments photos with one model. Owns engine sessions: call `dispose()` (or declare it with `await using`) when done.
 *
 * Runs never block the event loop; several photos may be asked for at once and are done one after the other.
 */
export class Segmenter {
  readonly #model: RunnableModel;
  readonly #platform: Platform;
  readonly #options: SegmenterOptions;
  readonly #predictors = new Map<string, Promise<Predictor>>();
  #disposed = false;

  constructor(model: RunnableModel, platform: Platform, options: SegmenterOptions = {}) {
    this.#model = model;
    this.#platform = platform;
    this.#options = options;
  }

  /** Network, class names, palette and pre-processing of the model. */
  get model(): ModelDescription {
    return this.#model;
  }

  /**
   * Finds the class of every pixel.
   *
   * @throws LightsegError NOT_FOUND or INVALID_IMAGE for a photo that cannot be read, RUNTIME if the engine fails
   */
  async segment(
    source: PhotoSource,
    { confidence = false, scores = false }: SegmentOptions = {},
  ): Promise<Segmentation> {
    const photo = await this.#read(source);
    const outputs: OutputName[] = ["labels"];
    if (confidence) outputs.push("confidence");
    if (scores) outputs.push("scores");
    const predictor = await this.#predictor(outputs);
    const start = performance.now();
    const reduced = shrinkPhoto(photo, this.#options.maxPixels ?? MAX_NETWORK_PIXELS);
    const shrinking = performance.now() - start;
    const { outputs: results, timing } = await predictor.predict(reduced);

    const finished = performance.now();
    const small = { ...sizeOf(reduced), data: labelsOf(results) };
    const { data: labels } = reduced === photo ? small : resizeLabels(small, photo.width, photo.height);
    const found = this.#classShares(labels, small.data, results.confidence);
    return {
      ...sizeOf(photo),
      labels,
      photo,
      classes: this.#model.classes,
      palette: this.#model.palette,
      found,
      ...(results.scores && { scores: results.scores }),
      timing: {
        preprocess: shrinking + timing.preprocess,
        inference: timing.inference,
        postprocess: performance.now() - finished,
      },
      networkSize: sizeOf(reduced),
    };
  }

  /** Frees the engine's memory; the segmenter cannot be used any more. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const predictors = [...this.#predictors.values()];
    this.#predictors.clear();
    // One that could not be opened has said so to its caller, and has nothing to free.
    await Promise.all(predictors.map((opening) => opening.then(free, () => undefined)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #read(source: PhotoSource): Promise<Photo> {
    if (typeof source === "string" || source instanceof Uint8Array) return this.#platform.decodePhoto(source);
    checkPhoto(source, "segment");
    return source;
  }

  /** One session for each set of outputs that is asked for, opened at the first use. */
  #predictor(outputs: readonly OutputName[]): Promise<Predictor> {
    if (this.#disposed) {
      const rule = "has been disposed of";
      throw new LightsegError({ code: "RUNTIME", where: "segment", argument: "segmenter", rule });
    }
    const key = outputs.join();
    let predictor = this.#predictors.get(key);
    if (!predictor) {
      const { open } = this.#platform;
      predictor = createPredictor(this.#model, { outputs, open, threads: this.#options.threads });
      this.#predictors.set(key, predictor);
    }
    return predictor;
  }

  /** Confidence is known at the size that the network saw. */
  #classShares(labels: Uint8Array, small: Uint8Array, confidence: TensorData | undefined): ClassShare[] {
    const { classes, palette } = this.#model;
    const counts = sumByLabel(labels);
    const sure = confidence && { sums: sumByLabel(small, confidence.data), counts: sumByLabel(small) };
    return classes
      .map((name, label) => {
        const pixels = counts[label] ?? 0;
        const color = palette[label] ?? ([0, 0, 0] as const);
        const share = { label, name, color, pixels, share: pixels / labels.length };
        return sure
          ? { ...share, confidence: (sure.sums[label] ?? 0) / Math.max(1, sure.counts[label] ?? 0) }
          : share;
      })
      .filter(({ pixels }) => pixels > 0)
      .sort((a, b) => b.pixels - a.pixels);
  }
}

function free(predictor: Predictor): Promise<void> {
  return predictor.dispose();
}

function sizeOf({ width, height }: Photo): { width: number; height: number } {
  return { width, height };
}

/** Sum of the values (1 each where absent) at the pixels of each label. */
function sumByLabel(labels: Uint8Array, values?: TensorData["data"]): Float64Array {
  const sums = new Float64Array(256);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const label = labels[pixel] ?? 0;
    sums[label] = (sums[label] ?? 0) + (values ? (values[pixel] ?? 0) : 1);
  }
  return sums;
}
