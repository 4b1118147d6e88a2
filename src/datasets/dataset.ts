import { checkParts } from "../check.ts";
import type { IGNORE_LABEL } from "../images/palette.ts";
import type { LabelMap, Palette, Photo } from "../images/types.ts";

/** What the numbers of a label map mean: class `i` is called `classes[i]` and drawn in `palette[i]`. */
export interface LabelSpace {
  /** 1..255 names, in label order. */
  readonly classes: readonly string[];
  /** One color a class. */
  readonly palette: Palette;
  /** "Do not train or measure here": 255 in every data set, target tensor and metric. */
  readonly ignoreLabel: typeof IGNORE_LABEL;
}

/** One photo and its labels, of equal width and height. */
export interface Sample {
  readonly id: string;
  readonly photo: Photo;
  /** Each value is a class, 0..classes-1, or the ignore label 255, not the values of the files on disk. */
  readonly labels: LabelMap;
  /** Whether EXIF turned or mirrored the photo, and sizes do not show whether the labels are turned too. */
  readonly turned?: boolean;
}

/** One split of a data set on disk; samples are read when asked for, so that it may be larger than memory. */
export interface Dataset {
  /** The name of the data set, e.g. `camvid`. */
  readonly name: string;
  readonly split: string;
  readonly labels: LabelSpace;
  /** The number of samples, at least 1. */
  readonly size: number;
  /** The id of each sample, in the order of the list file. */
  readonly ids: readonly string[];
  /** The mask values that dataset.yaml has ignored; absent where the data set itself defines its values. */
  readonly ignoredValues?: readonly number[];
  /** Warnings from opening it, a sentence each, such as files that were passed over. */
  readonly warnings?: readonly string[];
  /**
   * Reads sample number `index`, 0..size-1.
   *
   * Rejects with a `LightsegError`: INVALID_ARGUMENT (index out of range), NOT_FOUND, INVALID_IMAGE (a file
   * that cannot be decoded) or INVALID_DATASET (a mask of another size than its photo, or with an unknown
   * value).
   */
  load(index: number): Promise<Sample>;
}

/** @throws LightsegError INVALID_ARGUMENT for anything else */
export function requireDataset(dataset: Dataset, where: string): void {
  const rule = "must be what open of a data set gives";
  checkParts(dataset, ["labels", "ids", "load"], where, "dataset", rule);
}

/** The first samples of a split, at most so many. */
export function takeFirst(dataset: Dataset, most = dataset.size): Dataset {
  const size = Math.min(most, dataset.size);
  return { ...dataset, size, ids: dataset.ids.slice(0, size) };
}

/** So many of the places 0..size-1, spread evenly; all of them where there are fewer. */
export function spreadEvenly(size: number, count: number): number[] {
  const length = Math.min(count, size);
  return Array.from({ length }, (_, index) => Math.floor((index * size) / length));
}

/** How a data set is opened. */
export interface OpenOptions {
  /**
   * What happens to a missing photo or mask: `refuse` (default) lets `open` reject; `keep` lets `load` of
   * that sample reject, so that all missing files can be found.
   */
  readonly missing?: "refuse" | "keep";
}

/** A data set that lightseg can read: its classes, its splits, and how to open one. */
export interface DatasetDescription {
  /** Lower case, as typed on the command line. */
  readonly name: string;
  /** The data set whose photos these are, under the same ids; itself by default. SBD's are VOC's. */
  readonly photosOf?: string;
  /** Absent where the files state them, as in one's own data set. An open data set always has them. */
  readonly labels?: LabelSpace;
  readonly splits: readonly string[];
  /**
   * Opens the split found under `directory` and checks that each listed photo and mask exists.
   * `options.missing` is for those who want to see all faults; a reader that does not know it refuses.
   *
   * Rejects with a `LightsegError`: INVALID_ARGUMENT (unknown split), NOT_FOUND or INVALID_DATASET (empty
   * list).
   */
  open(directory: string, split: string, options?: OpenOptions): Promise<Dataset>;
}
