import type { Dataset } from "../datasets/dataset.ts";
import { sumByLabel } from "../inference/class-shares.ts";

/**
 * A photo has a class if at least this share of its labelled pixels does; a few pixels at the border do not make it
 * worth seeing again.
 */
const PRESENT = 0.01;

/** A data set and the pixels of each class in each of its photos, in the same order. */
export interface CountedDataset {
  readonly dataset: Dataset;
  readonly counts: readonly Float64Array[];
}

/** Counts the pixels of each class in each photo. Decodes the data set once. */
export async function countPhotoLabels(
  dataset: Dataset,
  onProgress?: (done: number, total: number) => void,
): Promise<CountedDataset> {
  const counts: Float64Array[] = [];
  for (let index = 0; index < dataset.size; index++) {
    const { labels } = await dataset.load(index);
    counts.push(sumByLabel(labels.data).slice(0, dataset.labels.classes.length));
    onProgress?.(index + 1, dataset.size);
  }
  return { dataset, counts };
}

/** The classes that a photo has, by label. @param counts pixels of each class in it */
export function presentClasses(counts: Float64Array): number[] {
  const labelled = counts.reduce((sum, count) => sum + count, 0);
  return [...counts.keys()].filter((label) => {
    const count = counts[label] ?? 0;
    return count > 0 && count >= PRESENT * labelled;
  });
}
