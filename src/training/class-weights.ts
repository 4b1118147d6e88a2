/**
 * Class weights for rare classes: `1 / ln(1.02 + share)`, scaled to a mean of 1 (Paszke et al. 2016, ENet,
 * Sec. 5.1).
 *
 * @param counts pixels of each class in each photo, see `countPhotoLabels`
 * @returns one number for each class, from its share of all labelled pixels of the data set
 */
export function logClassWeights(counts: readonly Float64Array[]): number[] {
  const perClass = Array.from(counts[0] ?? [], (_, label) =>
    counts.reduce((sum, ofPhoto) => sum + (ofPhoto[label] ?? 0), 0),
  );
  const total = Math.max(
    1,
    perClass.reduce((sum, count) => sum + count, 0),
  );
  const weights = perClass.map((count) => 1 / Math.log(1.02 + count / total));
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return weights.map((weight) => weight / mean);
}
