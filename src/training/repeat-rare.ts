import { createRandom, deriveSeed } from "../random.ts";
import { presentClasses } from "./photo-labels.ts";

export interface RepeatRareOptions {
  /** Classes that a smaller share of the photos has are rare, above 0 and up to 1. */
  threshold: number;
  seed: number;
}

/**
 * The photos of an epoch, by index, with those of rare classes repeated (repeat factor sampling, Gupta et al.
 * 2019, LVIS, Sec. 3.4).
 *
 * A class in a share f of the photos has the factor `max(1, sqrt(threshold / f))`, a photo the largest factor
 * of its classes. The fraction of the factor is the chance of one repeat more, drawn from the seed.
 *
 * @param counts pixels of each class in each photo, see `countPhotoLabels`
 */
export function repeatRareClasses(
  counts: readonly Float64Array[],
  { threshold, seed }: RepeatRareOptions,
): number[] {
  const random = createRandom(deriveSeed("repeat", seed));
  return repeatFactors(counts.map(presentClasses), threshold).flatMap((factor, index) =>
    new Array<number>(Math.floor(factor + random())).fill(index),
  );
}

/** How many times each photo should be seen, 1 or more. @param present the classes of each photo */
export function repeatFactors(present: readonly (readonly number[])[], threshold: number): number[] {
  const photos = new Map<number, number>();
  for (const label of present.flat()) photos.set(label, (photos.get(label) ?? 0) + 1);
  const factor = (label: number) => Math.sqrt((threshold * present.length) / (photos.get(label) ?? 1));
  return present.map((classes) => Math.max(1, ...classes.map(factor)));
}
