import type { LabelMap } from "../images/types.ts";
import { sumByLabel } from "../inference/class-shares.ts";
import type { Dataset } from "./dataset.ts";

/** Counts how often each label, 0..255, occurs in the masks of a split. */
export class LabelCounts {
  /** The pixels of each label; 255 counts what is ignored. */
  readonly pixels = new Float64Array(256);
  /** The number of photos with at least one such pixel. */
  readonly photos = new Float64Array(256);

  /** Adds the labels of one photo. */
  add({ data }: LabelMap): void {
    for (const [label, count] of sumByLabel(data).entries()) {
      this.pixels[label] = (this.pixels[label] ?? 0) + count;
      if (count > 0) this.photos[label] = (this.photos[label] ?? 0) + 1;
    }
  }
}

/**
 * Whether any pixel of a split has a label: reads samples until one has, as a rule the first.
 *
 * @throws LightsegError as `dataset.load`
 */
export async function hasLabels(dataset: Dataset): Promise<boolean> {
  for (let index = 0; index < dataset.size; index++) {
    const { labels } = await dataset.load(index);
    if (labels.data.some((label) => label !== dataset.labels.ignoreLabel)) return true;
  }
  return false;
}
