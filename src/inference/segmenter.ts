/// <reference lib="esnext.disposable" preserve="true" />
import { checkKeys } from "../check.ts";
import { disposedError } from "../errors.ts";
import { checkPhoto, MAX_NETWORK_PIXELS } from "../images/check.ts";
import { shrinkPhoto } from "../images/resample.ts";
import type { Palette, Photo } from "../images/types.ts";
import type { Dtype } from "../model-files/dtype.ts";
import type { ModelDescription } from "../model-files/model.ts";
import { isQuantized, type RunnableModel } from "../model-files/model.ts";
import type { Engine, TensorData } from "../runtime/session.ts";
import { type ConfidenceMeter, openConfidenceMeter } from "./class-confidence.ts";
import { type ClassShare, countClasses } from "./class-shares.ts";
import { meanConfidence } from "./confidence.ts";
import { createPredictor, type Predictor } from "./predictor.ts";
import { findClass, softMask } from "./soft-mask.ts";

/** A photo as a path or file URL, as the bytes of a file, or as raw pixels `[H, W, 3]`. */
export type PhotoSource = string | URL | Uint8Array | Photo;

/**
 * Decodes a photo, or checks its pixels.
 *
 * @param where the function that was called, for errors
 * @throws LightsegError what `decodePhoto` throws; INVALID_IMAGE for anything that is no photo
 */
export async function readPhoto(
  source: PhotoSource,
  where: string,
  decodePhoto: Platform["decodePhoto"],
): Promise<Photo> {
  if (typeof source === "string" || source instanceof Uint8Array || source instanceof URL)
    return decodePhoto(source);
  checkPhoto(source, where, "or be a path, a file URL, or the bytes of a file as a Uint8Array");
  return source;
}

/** What differs between Node and browsers. */
export interface Platform extends Omit<Engine, "threads"> {
  readonly decodePhoto: (source: string | URL | Uint8Array) => Promise<Photo>;
}

/** What to compute for a photo beside its labels. */
export interface SegmentOptions {
  /** Also compute how sure the network is of each class, which takes some time. Defaults to false. */
  confidence?: boolean;
  /** Also gives the mean confidence over all classes found. Takes a few milliseconds. Defaults to false. */
  meanConfidence?: boolean;
  /** Also give a soft mask of these classes together, by name or index. Defaults to none. */
  softMask?: readonly (string | number)[];
  /** Also give the scores. Defaults to false. */
  scores?: boolean;
  /** Replaces the network's scores, e.g. by their mean over frames. Defaults to the scores themselves. */
  adjustScores?: (scores: TensorData) => TensorData;
}

/** Milliseconds spent on one photo. */
export interface Timing {
  /** Before the network: shrinking of photos that are too large. */
  preprocess: number;
  /** The network, from the photo's bytes to scores at the decoder's resolution. */
  inference: number;
  /** From scores to labels at the photo's size, their shares, and whatever else the options ask for. */
  postprocess: number;
  /** Whether `inference` includes the preparation of the engine for this size: later runs take less. */
  warmUp: boolean;
}

/** What a network found in a photo: the class of every pixel, and the classes by their share. */
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
  /**
   * Mean softmax probability over the pixels of all classes but `background`, 0..1, if asked for. Undefined
   * where all is background.
   */
  readonly meanConfidence?: number;
  /**
   * How likely each pixel belongs to the classes of `softMask`: 0, surely not, to 255, surely, row-major
   * `[H, W]`; if asked for.
   */
  readonly softMask?: Uint8Array;
  /** Logits, float32 `[1, classes, h, w]` at the decoder's resolution, if asked for. */
  readonly scores?: TensorData;
  /** Which points of scores and picture lie on each other: the corners' centers, or the outer edges. */
  readonly alignCorners: boolean;
  /** Milliseconds. */
  readonly timing: Timing;
  /** What the network saw: the photo's size, or less for a photo of more than `maxPixels`. */
  readonly networkSize: { readonly width: number; readonly height: number };
}

/** How a `Segmenter` runs its model. */
export interface SegmenterOptions {
  /** What the network is computed in; quantized models are int8. Defaults to fp32. */
  dtype?: Dtype | undefined;
  /** Threads of the engine. Defaults to the number of cores. */
  threads?: number;
  /**
   * Larger photos are shrunk for the network, since memory grows with the pixels: about 1 GB at the default
   * of 4,194,304 (2048 x 2048). Their labels are at full size.
   */
  maxPixels?: number;
  /**
   * Milliseconds that a photo may take from its pixels to its labels, 1 to 60,000: the network is timed when
   * it is loaded, and sees no more pixels than fit. `onNote` is told what was chosen. Defaults to no budget.
   */
  budget?: number;
}

/**
 * Segments photos with one model. Owns engine sessions: call `dispose()` (or declare it with `await using`)
 * when done.
 *
 * Runs never block the event loop; several photos may be asked for at once, of which `concurrency` are done
 * side by side.
 */
export class Segmenter {
  readonly #model: RunnableModel;
  readonly #platform: Platform;
  readonly #options: SegmenterOptions;
  readonly #predictor: Predictor;
  #meter: Promise<ConfidenceMeter> | undefined;
  #disposal: Promise<void> | undefined;
  /** Calls of `segment` that are not done. */
  readonly #underWay = new Set<Promise<Segmentation>>();

  constructor(model: RunnableModel, platform: Platform, options: SegmenterOptions = {}) {
    this.#model = model;
    this.#platform = platform;
    this.#options = options;
    this.#predictor = createPredictor(model, this.#engine());
  }

  /** Network, class names, palette and pre-processing of the model. */
  get model(): ModelDescription {
    return this.#model;
  }

  /** What the network is computed in. */
  get dtype(): Dtype {
    return isQuantized(this.#model) ? "int8" : (this.#options.dtype ?? "fp32");
  }

  /** How many photos are segmented at once; further ones wait. */
  get concurrency(): number {
    return this.#platform.open.concurrency ?? 1;
  }

  /**
   * Finds the class of every pixel.
   *
   * @throws LightsegError NOT_FOUND or INVALID_IMAGE for a photo that cannot be read, RUNTIME if the engine
   *   fails
   */
  async segment(source: PhotoSource, options: SegmentOptions = {}): Promise<Segmentation> {
    checkKeys(options, OPTIONS, "segment");
    if (this.#disposal) throw disposedError("segment", "segmenter");
    const call = this.#segment(source, options);
    this.#underWay.add(call);
    try {
      return await call;
    } finally {
      this.#underWay.delete(call);
    }
  }

  /** Waits for the photos under way and frees the engine's memory; the segmenter takes no further ones. */
  async dispose(): Promise<void> {
    this.#disposal ??= this.#free();
    return this.#disposal;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #segment(
    source: PhotoSource,
    {
      confidence = false,
      meanConfidence: wantsMean = false,
      scores: wantsScores = false,
      softMask: wanted,
      adjustScores = (scores) => scores,
    }: SegmentOptions,
  ): Promise<Segmentation> {
    const masked = wanted?.map((name) => findClass(name, this.#model.classes, "segment"));
    const photo = await readPhoto(source, "segment", this.#platform.decodePhoto);
    const start = performance.now();
    const reduced = shrinkPhoto(photo, this.#options.maxPixels ?? MAX_NETWORK_PIXELS);
    const prepared = performance.now();
    const raw = await this.#predictor.predict(reduced);

    const predicted = performance.now();
    const scores = adjustScores(raw);
    const labels = this.#predictor.chooseLabels(scores, photo);
    const { alignCorners } = this.#model;
    const classes = countClasses(labels, this.#model);
    const found = confidence ? await this.#addConfidence(classes, scores, reduced) : classes;
    const mean = wantsMean ? this.#meanConfidence(labels, scores, photo) : undefined;
    return {
      ...sizeOf(photo),
      labels,
      photo,
      classes: this.#model.classes,
      palette: this.#model.palette,
      alignCorners,
      found,
      ...(mean !== undefined && { meanConfidence: mean }),
      ...(wantsScores && { scores }),
      ...(masked && { softMask: softMask(scores, masked, { ...sizeOf(photo), alignCorners }) }),
      timing: {
        preprocess: prepared - start,
        inference: predicted - prepared,
        postprocess: performance.now() - predicted,
        warmUp: this.#predictor.isFirstRun(raw),
      },
      networkSize: sizeOf(reduced),
    };
  }

  async #free(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    // If the meter failed to open, `segment` has thrown that error, and there is nothing to free.
    const meter = await this.#meter?.catch(() => undefined);
    await Promise.all([this.#predictor.dispose(), meter?.dispose()]);
  }

  #engine() {
    const { open, target } = this.#platform;
    return { open, target, threads: this.#options.threads, dtype: this.dtype };
  }

  #meanConfidence(data: Uint8Array, scores: TensorData, photo: Photo): number | undefined {
    const confidence = this.#predictor.sampleConfidence(scores, photo);
    return meanConfidence({ ...sizeOf(photo), data, confidence }, this.#model.classes);
  }

  async #addConfidence(found: ClassShare[], scores: TensorData, size: Photo): Promise<ClassShare[]> {
    this.#meter ??= openConfidenceMeter(this.#model, this.#engine()).catch((error: unknown) => {
      // The next photo tries anew.
      this.#meter = undefined;
      throw error;
    });
    const confidence = await (await this.#meter).measure(scores, size);
    return found.map((share) => ({ ...share, confidence: confidence[share.label] ?? 0 }));
  }
}

const OPTIONS = ["confidence", "meanConfidence", "softMask", "scores", "adjustScores"] as const;

function sizeOf({ width, height }: Photo): { width: number; height: number } {
  return { width, height };
}
