import { checkParts } from "../check.ts";
import { LightsegError } from "../errors.ts";
import type { ConfusionMatrix } from "./confusion-matrix.ts";

/** The usual measures of a segmentation; each is a share in 0..1. */
export interface Metrics {
  /** Mean of `iou` over the classes that are not null. */
  miou: number;
  /** Per class: intersection over union of true and predicted pixels; null for a class in neither. */
  iou: (number | null)[];
  /** Correct pixels / all pixels. */
  pixelAccuracy: number;
  /** Mean of `accuracy` over the classes that are not null. */
  meanAccuracy: number;
  /** Per class: correct pixels / true pixels (recall); null for a class without true pixels. */
  accuracy: (number | null)[];
  /** Mean of `iou`, each class weighted by its share of the true pixels. */
  frequencyWeightedIou: number;
  /** Per class: the number of true pixels, a count. */
  truePixels: number[];
}

/** A measure of each class by the class's name. */
export function byClassName(
  classes: readonly string[],
  values: readonly (number | null)[],
): Record<string, number | null> {
  return Object.fromEntries(classes.map((name, label) => [name, values[label] ?? null]));
}

/**
 * Computes mean IoU and its companions from a confusion matrix.
 *
 * A class in neither truth nor predictions has IoU null and is left out of the mean. A class that was
 * predicted but is nowhere in the truth has IoU 0 and counts.
 *
 * @throws LightsegError INVALID_DATASET when the matrix is empty, as no share of nothing is right
 */
export function computeMetrics(matrix: ConfusionMatrix): Metrics {
  checkParts(matrix, ["classes", "counts"], "computeMetrics", "matrix", "must be a ConfusionMatrix");
  const { classes, counts } = matrix;
  const range = Array.from({ length: classes }, (_, c) => c);
  const cell = (truth: number, prediction: number) => counts[truth * classes + prediction] ?? 0;
  const correct = range.map((c) => cell(c, c));
  const truePixels = range.map((c) => sum(range.map((prediction) => cell(c, prediction))));
  const predictedPixels = range.map((c) => sum(range.map((truth) => cell(truth, c))));
  const total = sum(truePixels);
  if (total === 0) {
    throw new LightsegError({
      code: "INVALID_DATASET",
      where: "computeMetrics",
      argument: "matrix",
      rule: "must have counted at least one pixel",
      hint: "are all true labels the ignore label 255?",
    });
  }

  const iou = correct.map((hits, c) => ratio(hits, (truePixels[c] ?? 0) + (predictedPixels[c] ?? 0) - hits));
  const accuracy = correct.map((hits, c) => ratio(hits, truePixels[c] ?? 0));
  return {
    miou: meanOfPresent(iou),
    iou,
    pixelAccuracy: sum(correct) / total,
    meanAccuracy: meanOfPresent(accuracy),
    accuracy,
    frequencyWeightedIou: sum(iou.map((value, c) => (value ?? 0) * (truePixels[c] ?? 0))) / total,
    truePixels,
  };
}

/** Mean IoU of some classes, by label. Classes without IoU do not count; NaN where none has one. */
export function meanIouOf(labels: readonly number[], { iou }: Pick<Metrics, "iou">): number {
  return meanOfPresent(labels.map((label) => iou[label] ?? null));
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function meanOfPresent(values: readonly (number | null)[]): number {
  const present = values.filter((value) => value !== null);
  return sum(present) / present.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
