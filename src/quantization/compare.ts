import type { Dataset } from "../datasets/dataset.ts";
import { ConfusionMatrix } from "../evaluation/confusion-matrix.ts";
import { computeMetrics, type Metrics } from "../evaluation/metrics.ts";
import type { LabelMap, Photo } from "../images/types.ts";

/** What quantizing has changed on a split. */
export interface Comparison {
  readonly before: Metrics;
  readonly after: Metrics;
  /** Share of the pixels, 0..1, that get the same label from both. */
  readonly agreement: number;
}

export interface CompareOptions {
  /** The label map of a photo, from the model as it was. */
  readonly before: (photo: Photo) => Promise<LabelMap>;
  /** The same from the quantized one. */
  readonly after: (photo: Photo) => Promise<LabelMap>;
  /** Called after each photo with the number done and the number of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops between two photos; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Measures two predictors on a split, each against the truth and against each other. */
export async function comparePredictors(
  dataset: Dataset,
  { before, after, onProgress, signal }: CompareOptions,
): Promise<Comparison> {
  const classes = dataset.labels.classes.length;
  const [confusionBefore, confusionAfter] = [new ConfusionMatrix(classes), new ConfusionMatrix(classes)];
  let [equal, pixels] = [0, 0];
  for (let index = 0; index < dataset.size; index++) {
    signal?.throwIfAborted();
    const { photo, labels } = await dataset.load(index);
    const first = await before(photo);
    const second = await after(photo);
    confusionBefore.add(labels, first);
    confusionAfter.add(labels, second);
    for (const [pixel, label] of first.data.entries()) if (second.data[pixel] === label) equal++;
    pixels += first.data.length;
    onProgress?.(index + 1, dataset.size);
  }
  return {
    before: computeMetrics(confusionBefore),
    after: computeMetrics(confusionAfter),
    agreement: equal / pixels,
  };
}
