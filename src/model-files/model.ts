import { checkParts } from "../check.ts";
import { vocPalette } from "../images/palette.ts";
import type { Palette } from "../images/types.ts";
import type { Preprocessing } from "../models/preprocessing.ts";
import type { Weights } from "../models/weights.ts";
import { findNetwork } from "../models/zoo.ts";

/** What has to be known about a trained network beside its weights; stored in the model file. */
export interface ModelDescription {
  /** Name in the zoo. */
  readonly network: string;
  /** Class names, in the order of the scores. */
  readonly classes: readonly string[];
  /** A color for each class. */
  readonly palette: Palette;
  readonly preprocessing: Preprocessing;
  /** PyTorch's `align_corners`, for the bilinear upsampling of the scores (logits) to the photo's size. */
  readonly alignCorners: boolean;
  /** Whether the class names are placeholders (`class 0`, `class 1` ...): the weights came without names. */
  readonly placeholderClasses?: boolean;
  /**
   * Mean confidence, 0..1, under which a photo is unlike those of the training: 3 % of the validation photos
   * are under it. Compare `Segmentation.meanConfidence`. Absent where it was not measured.
   */
  readonly lowConfidence?: number;
  /** What it was trained on, as far as that is known. Measurements on such photos flatter it. */
  readonly trainedOn?: readonly TrainedSplit[];
}

/** A part of a data set, such as `train` of `camvid`. */
export interface TrainedSplit {
  readonly dataset: string;
  readonly split: string;
}

/** A trained network: all that is needed to segment a photo. */
export interface Model extends ModelDescription {
  /** Every parameter of the network, by its official name. */
  readonly weights: Weights;
}

/** A network in int8, as `quantizeModel` makes it: it can be run, and nothing else. */
export interface QuantizedModel extends ModelDescription {
  /** An ONNX model from `pixels`, uint8 `[N, H, W, 3]`, to `scores`, float32 `[N, classes, h, w]`. */
  readonly onnx: Uint8Array;
}

/** What photos can be segmented with. */
export type RunnableModel = Model | QuantizedModel;

/** Whether a model is in int8. */
export function isQuantized(model: RunnableModel): model is QuantizedModel {
  return "onnx" in model;
}

/** @throws LightsegError INVALID_ARGUMENT for anything but a model with weights */
export function checkModel(model: Model, where: string): void {
  const rule = "must be a model with weights, as loadModel gives";
  checkParts(model, ["network", "classes", "weights"], where, "model", rule);
}

/** @throws LightsegError INVALID_ARGUMENT for anything but a model */
export function checkRunnableModel(model: RunnableModel, where: string): void {
  checkParts(model, ["network", "classes"], where, "model", "must be a model, as loadModel gives");
}

type ClassNames = Pick<ModelDescription, "classes" | "palette" | "placeholderClasses">;

/**
 * The description of a network of the zoo for these classes.
 *
 * @throws LightsegError NOT_FOUND for an unknown network
 */
export function describeNetwork(network: string, labels: ClassNames): ModelDescription {
  const { backbone, decoder } = findNetwork(network);
  const { preprocessing } = backbone;
  return descriptionOf({ ...labels, network, preprocessing, alignCorners: decoder.alignCorners });
}

/** The description alone, without the weights. */
export function descriptionOf(model: ModelDescription): ModelDescription {
  const { network, classes, palette, preprocessing, alignCorners } = model;
  const { placeholderClasses, lowConfidence, trainedOn } = model;
  return {
    network,
    classes,
    palette,
    preprocessing,
    alignCorners,
    ...(placeholderClasses && { placeholderClasses }),
    ...(lowConfidence !== undefined && { lowConfidence }),
    ...(trainedOn && { trainedOn }),
  };
}

/**
 * The description of a network of the zoo whose weights came without one: its classes get placeholder names.
 *
 * @throws LightsegError NOT_FOUND for an unknown network
 */
export function describePlainly(network: string, classes: number): ModelDescription {
  return describeNetwork(network, {
    classes: Array.from({ length: classes }, (_, label) => placeholderClass(label)),
    palette: vocPalette(classes),
    placeholderClasses: true,
  });
}

/** The name of a class whose weights came without names. */
export function placeholderClass(label: number): string {
  return `class ${label}`;
}
