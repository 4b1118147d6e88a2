import type { Dataset } from "../datasets/dataset.ts";

/**
 * Weights that raise rare classes: `1 / ln(1.02 + share)`, scaled to a mean of 1 (Paszke et al. 2016, ENet, Sec. 5.1).
 *
 * @returns one number for each class, from its share of all labelled pixels of the data set
 */
export async function logClassWeights(
  dataset: Dataset,
  onProgress?: (done: number, total: number) => void,
): Promise<number[]> {
  const counts = new Array<number>(256).fill(0);
  for (let index = 0; index < dataset.size; index++) {
    for (const label of (await dataset.load(index)).labels.data) counts[label] = (counts[label] ?? 0) + 1;
    onProgress?.(index + 1, dataset.size);
  }
  const perClass = counts.slice(0, dataset.labels.classes.length);
  const total = Math.max(
    1,
    perClass.reduce((sum, count) => sum + count, 0),
  );
  const weights = perClass.map((count) => 1 / Math.log(1.02 + count / total));
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return weights.map((weight) => weight / mean);
}
