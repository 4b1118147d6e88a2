import { sumByLabel } from "../inference/class-shares.ts";
import type { Samples } from "./samples.ts";

/**
 * A photo has a class from this share of its labelled pixels on. A few pixels at the border are not worth
 * seeing again.
 */
const PRESENT = 0.01;

/** Counts the pixels of each class in each photo. Reads every sample once. */
export async function countPhotoLabels(
  samples: Samples,
  classes: number,
  onProgress?: (done: number, total: number) => void,
): Promise<Float64Array[]> {
  const counts: Float64Array[] = [];
  for (let index = 0; index < samples.size; index++) {
    const { labels } = await samples.load(index);
    counts.push(sumByLabel(labels.data).slice(0, classes));
    onProgress?.(index + 1, samples.size);
  }
  return counts;
}

/** The classes that a photo has, by label. @param counts pixels of each class in it */
export function presentClasses(counts: Float64Array): number[] {
  const labelled = counts.reduce((sum, count) => sum + count, 0);
  return [...counts.keys()].filter((label) => {
    const count = counts[label] ?? 0;
    return count > 0 && count >= PRESENT * labelled;
  });
}
