import type { Color, LabelMap, Photo } from "../images/types.ts";
import type { Model } from "../model-files/model.ts";
import type { Weights } from "../models/weights.ts";
import type { Samples } from "../training/samples.ts";

/** What is trained, see `FineTuneOptions.layers`. */
export type Layers = "head" | "decoder" | "all";

/** All values of `TeachingOptions.layers`. */
export const layers: readonly Layers[] = ["head", "decoder", "all"];

/** A class to teach. */
export interface TaughtClass {
  readonly name: string;
  /** Red, green, blue, 0..255. Defaults to the next color of VOC's palette. */
  readonly color?: Color;
}

/** What fine-tuning begins with: a model, or weights that hold at least the encoder of a network. */
export interface TeachingBase {
  /** Name in the zoo. */
  readonly network: string;
  readonly weights: Weights;
}

/** Where a fine-tuning stands. */
export interface TeachingProgress {
  /** Steps done. */
  readonly step: number;
  readonly steps: number;
  /** Of this step, before its update. */
  readonly loss: number;
}

/** The options of a fine-tuning that do not depend on the platform; see `checkTeaching`. */
export interface TeachingOptions {
  /** 2 to 64 classes, in the order of the labels. */
  classes: readonly TaughtClass[];
  /**
   * 1 to 100 photos, read one by one. Pixels without a label are 255; each class needs labelled pixels in
   * some photo.
   */
  samples: Samples;
  /**
   * What is trained. `head`: a small decoder (`hypercolumn`) on the frozen encoder, whose feature maps are
   * computed once. `decoder`: the base's own decoder. `all`: the encoder too. The last two take minutes on a
   * CPU. Defaults to `head`.
   */
  layers?: Layers;
  /** Long side that photos are shrunk to, 64 to 2048 pixels. Defaults to 480. */
  longSide?: number;
  /** Steps of the optimizer. Defaults to 72 for `head`, 200 for `decoder` and `all`. */
  steps?: number;
  /** Seed of all that is random. Defaults to 0. */
  seed?: number;
  onProgress?: (progress: TeachingProgress) => void;
  /** Photos in which `onPreview` shows what was learned, at most 20. Defaults to none. */
  previews?: readonly Photo[];
  /**
   * Gets the label maps of `previews`, after every `modelEvery` steps and after the last. They are of the
   * size that the network sees: shrunk where a photo would not fit into the size of the samples. Training
   * waits for its promise.
   */
  onPreview?: (labels: readonly LabelMap[]) => Promise<void> | void;
  /**
   * Gets the model as it stands, after every `modelEvery` steps but the last. Training waits for its promise.
   */
  onModel?: (model: Model) => Promise<void> | void;
  /** Steps between two calls of `onPreview`, and of `onModel`; at least 1. Defaults to 12. */
  modelEvery?: number;
  /** Stops after the step under way, with the signal's reason. */
  signal?: AbortSignal;
}
