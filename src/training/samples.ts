import type { LabelMap, Photo } from "../images/types.ts";

/** A photo and its labels, of equal width and height. */
export interface LabelledPhoto {
  readonly photo: Photo;
  /** Each value is a class, 0..classes-1, or the ignore label 255. */
  readonly labels: LabelMap;
}

/** What a training learns from: labelled photos, from disk, memory or anywhere. A `Dataset` is one. */
export interface Samples {
  /** The number of photos, at least 1. */
  readonly size: number;
  /** Reads a photo by its index, 0..size-1. The same index must give the same pixels. */
  load(index: number): Promise<LabelledPhoto>;
}

/** Samples out of a list. @param read makes one of them when it is needed */
export function samplesOf<T>(items: readonly T[], read: (item: T) => Promise<LabelledPhoto>): Samples {
  return {
    size: items.length,
    async load(index) {
      const item = items[index];
      if (item === undefined) throw new RangeError(`there is no sample ${index}`);
      return read(item);
    },
  };
}
