/** How classes are weighed in the loss: all alike, rare ones more, or so that all classes count the same. */
export const classWeightings = ["none", "log", "balanced"] as const;

/**
 * Weights of the classes in the loss, with a mean of 1; undefined for `none`.
 *
 * `log`: `1 / ln(1.02 + share)` (Paszke et al. 2016, ENet, Sec. 5.1). `balanced`: `1 / share`, so that every
 * class counts the same, however few its pixels are; classes without pixels weigh nothing.
 *
 * @param photos pixels of each class in each photo, see `countPhotoLabels`
 */
export function classWeights(
  weighting: (typeof classWeightings)[number],
  photos: readonly Float64Array[],
): number[] | undefined {
  if (weighting === "none") return undefined;
  const counts = Array.from(photos[0] ?? [], (_, label) =>
    photos.reduce((sum, ofPhoto) => sum + (ofPhoto[label] ?? 0), 0),
  );
  if (weighting === "balanced") return balancedWeights(counts);
  const total = Math.max(
    1,
    counts.reduce((sum, count) => sum + count, 0),
  );
  return withMeanOne(counts.map((count) => 1 / Math.log(1.02 + count / total)));
}

/** Weights with which every class counts the same in the loss. @param counts pixels of each class */
export function balancedWeights(counts: ArrayLike<number>): number[] {
  return withMeanOne(Array.from(counts, (count) => (count > 0 ? 1 / count : 0)));
}

function withMeanOne(weights: number[]): number[] {
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  // Without a pixel that has a class no class counts more than another.
  return weights.map((weight) => (mean > 0 ? weight / mean : 1));
}
