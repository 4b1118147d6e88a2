import type { Dataset } from "../datasets/dataset.ts";
import { sumByLabel } from "../inference/class-shares.ts";
import { createRandom, deriveSeed } from "../random.ts";

/** A photo has a class if at least this share of its labelled pixels does; a few pixels at the border do not make it worth seeing again. */
const PRESENT = 0.01;

export interface RepeatRareOptions {
  /** Classes that a smaller share of the photos has are rare, above 0 and up to 1. */
  threshold: number;
  seed: number;
  onProgress?: (done: number, total: number) => void;
}

/**
 * The same data set with photos of rare classes several times in it (repeat factor sampling, Gupta et al. 2019, LVIS, Sec. 3.4).
 *
 * A class that a share f of the photos has gets `max(1, sqrt(threshold / f))`, a photo the largest number of its classes. What is left
 * over a whole number is the chance of one time more, drawn from the seed.
 */
export async function repeatRareClasses(
  dataset: Dataset,
  { threshold, seed, onProgress }: RepeatRareOptions,
): Promise<Dataset> {
  const present: (readonly number[])[] = [];
  for (let index = 0; index < dataset.size; index++) {
    present.push(classesIn((await dataset.load(index)).labels.data, dataset.labels.classes.length));
    onProgress?.(index + 1, dataset.size);
  }
  const random = createRandom(deriveSeed("repeat", seed));
  const places = repeatFactors(present, threshold).flatMap((factor, index) =>
    new Array<number>(Math.floor(factor + random())).fill(index),
  );
  return {
    ...dataset,
    size: places.length,
    ids: places.map((index) => dataset.ids[index] ?? ""),
    load: (place) => dataset.load(places[place] ?? dataset.size),
  };
}

/** How many times each photo should be seen, 1 or more. @param present the classes of each photo */
export function repeatFactors(present: readonly (readonly number[])[], threshold: number): number[] {
  const photos = new Map<number, number>();
  for (const label of present.flat()) photos.set(label, (photos.get(label) ?? 0) + 1);
  const factor = (label: number) => Math.sqrt((threshold * present.length) / (photos.get(label) ?? 1));
  return present.map((classes) => Math.max(1, ...classes.map(factor)));
}

function classesIn(labels: Uint8Array, classes: number): number[] {
  const counts = sumByLabel(labels).subarray(0, classes);
  const labelled = counts.reduce((sum, count) => sum + count, 0);
  return [...counts.keys()].filter(
    (label) => (counts[label] ?? 0) > 0 && (counts[label] ?? 0) >= PRESENT * labelled,
  );
}
