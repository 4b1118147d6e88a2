import type { Photo } from "../images/types.ts";
import type { Samples } from "../training/samples.ts";

/** Photos that a study looks at, from disk, memory or anywhere. */
export interface Photos {
  /** At least 1. */
  readonly size: number;
  /** Reads a photo by its index, 0..size-1. The same index must give the same pixels. */
  load(index: number): Promise<Photo>;
}

/** Where a study stands. */
export interface StudyProgress {
  readonly task: string;
  readonly done: number;
  readonly total: number;
}

/** The photos of labelled samples. */
export function photosOf(samples: Samples): Photos {
  return { size: samples.size, load: async (index) => (await samples.load(index)).photo };
}
