import type { Dataset } from "../datasets/dataset.ts";
import type { LabelMap, Photo } from "../images/types.ts";
import { ConfusionMatrix } from "./confusion-matrix.ts";
import { computeMetrics, type Metrics } from "./metrics.ts";

export interface EvaluateOptions {
  /** The photo's label map, of the photo's size. */
  predict: (photo: Photo) => Promise<LabelMap>;
  /** Called after each photo with the number done and the number of all. */
  onProgress?: (done: number, total: number) => void;
  /** Stops between two photos; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Measures a predictor on a split, at full size, single scale: one confusion matrix over all its pixels.
 *
 * The next photo is decoded while one is predicted.
 */
export async function evaluate(
  dataset: Dataset,
  { predict, onProgress, signal }: EvaluateOptions,
): Promise<Metrics & { images: number }> {
  const matrix = new ConfusionMatrix(dataset.labels.classes.length);
  let next = dataset.load(0);
  for (let index = 0; index < dataset.size; index++) {
    signal?.throwIfAborted();
    const sample = await next;
    if (index + 1 < dataset.size) {
      next = dataset.load(index + 1);
      // Its error, if any, is thrown when its turn comes; until then it must not count as unhandled.
      next.catch(() => undefined);
    }
    matrix.add(sample.labels, await predict(sample.photo));
    onProgress?.(index + 1, dataset.size);
  }
  return { ...computeMetrics(matrix), images: dataset.size };
}
