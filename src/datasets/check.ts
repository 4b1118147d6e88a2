import { LightsegError } from "../errors.ts";
import type { Dataset, Sample } from "./dataset.ts";

/** Something wrong with a data set. */
export interface DatasetIssue {
  /** An error stops or spoils a training; a warning may be meant. */
  readonly severity: "error" | "warning";
  /** The sample at fault; absent for what concerns the split as a whole. */
  readonly id?: string;
  /** One sentence, with the file where there is one. */
  readonly message: string;
}

/** How often a class occurs. */
export interface LabelCount {
  readonly pixels: number;
  /** Of all pixels, ignored ones included, 0..1; 0 where there are none. */
  readonly share: number;
  /** The number of photos with at least one such pixel. */
  readonly photos: number;
}

/** The lowest, middle and highest of some lengths in pixels. */
export interface Range {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** What `checkDataset` found in a split. */
export interface DatasetCheck {
  readonly name: string;
  readonly split: string;
  readonly samples: number;
  /** The numbers of the samples without error, in order; only these are counted below. */
  readonly sound: readonly number[];
  readonly issues: readonly DatasetIssue[];
  /** One for each class, in label order. */
  readonly classes: readonly (LabelCount & { readonly name: string })[];
  readonly ignored: LabelCount;
  /** Null where no sample is sound. */
  readonly size: { readonly width: Range; readonly height: Range } | null;
}

export interface CheckDatasetOptions {
  /** Called after each sample with the number done and the number of all. */
  onProgress?: (done: number, total: number) => void;
  /** Stops between two samples; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Reads every sample of a split, counts labels and sizes, and collects what is wrong instead of stopping at it.
 *
 * Errors: files that are missing, unreadable or of different sizes, labels out of range, ids that are listed twice. Of
 * a sample with several faults the first is told. A class that never occurs is a warning. Open the data set with
 * `missing: "keep"` to have every missing file told.
 */
export async function checkDataset(
  dataset: Dataset,
  { onProgress, signal }: CheckDatasetOptions = {},
): Promise<DatasetCheck> {
  const { name, split, ids, size, labels } = dataset;
  const issues: DatasetIssue[] = repeatedIds(ids);
  const sound: number[] = [];
  const widths: number[] = [];
  const heights: number[] = [];
  const pixels = new Float64Array(256);
  const photos = new Float64Array(256);

  for (let index = 0; index < size; index++) {
    signal?.throwIfAborted();
    try {
      const sample = await dataset.load(index);
      const counts = countLabels(sample, labels.classes.length);
      sound.push(index);
      widths.push(sample.photo.width);
      heights.push(sample.photo.height);
      for (const [label, count] of counts.entries()) {
        pixels[label] = (pixels[label] ?? 0) + count;
        if (count > 0) photos[label] = (photos[label] ?? 0) + 1;
      }
    } catch (error) {
      if (!(error instanceof LightsegError)) throw error;
      issues.push({ severity: "error", id: ids[index], message: withoutFunction(error) });
    }
    onProgress?.(index + 1, size);
  }

  const total = pixels.reduce((sum, count) => sum + count, 0);
  const countOf = (label: number): LabelCount => ({
    pixels: pixels[label] ?? 0,
    share: total === 0 ? 0 : (pixels[label] ?? 0) / total,
    photos: photos[label] ?? 0,
  });
  const classes = labels.classes.map((className, label) => ({ name: className, ...countOf(label) }));
  if (sound.length > 0) {
    for (const absent of classes.filter((entry) => entry.photos === 0))
      issues.push({ severity: "warning", message: `class ${absent.name} occurs in no photo` });
  }
  return {
    name,
    split,
    samples: size,
    sound,
    issues,
    classes,
    ignored: countOf(labels.ignoreLabel),
    size: sound.length === 0 ? null : { width: rangeOf(widths), height: rangeOf(heights) },
  };
}

/** The ids that several splits have; where one is made of others, as `trainval` is, that is meant. */
export function findSharedIds(datasets: readonly Dataset[]): DatasetIssue[] {
  const splitsOf = new Map<string, Set<string>>();
  for (const { ids, split } of datasets)
    for (const id of ids) splitsOf.set(id, (splitsOf.get(id) ?? new Set()).add(split));
  return [...splitsOf]
    .filter(([, splits]) => splits.size > 1)
    .map(([id, splits]) => ({
      severity: "warning",
      id,
      message: `${id} is in ${[...splits].join(" and ")}`,
    }));
}

function repeatedIds(ids: readonly string[]): DatasetIssue[] {
  const times = new Map<string, number>();
  for (const id of ids) times.set(id, (times.get(id) ?? 0) + 1);
  return [...times]
    .filter(([, count]) => count > 1)
    .map(([id, count]) => ({ severity: "error", id, message: `${id} is listed ${count} times` }));
}

/** The number of pixels of each label. @throws LightsegError INVALID_DATASET for what no reader may return */
function countLabels({ id, photo, labels }: Sample, classes: number): Float64Array {
  const fault = (rule: string, value: unknown) =>
    new LightsegError({ code: "INVALID_DATASET", where: "checkDataset", argument: id, rule, value });
  if (labels.width !== photo.width || labels.height !== photo.height) {
    const rule = `must have labels of the size of its photo, ${photo.width}x${photo.height}`;
    throw fault(rule, `${labels.width}x${labels.height}`);
  }
  const counts = new Float64Array(256);
  for (const label of labels.data) counts[label] = (counts[label] ?? 0) + 1;
  const wrong = counts.findIndex((count, label) => count > 0 && label >= classes && label !== 255);
  if (wrong >= 0) throw fault(`must have labels 0 to ${classes - 1} or 255`, wrong);
  return counts;
}

/** The name of the function that noticed says nothing to those who look at a data set. */
function withoutFunction({ message, details }: LightsegError): string {
  return message.slice(details.where.length + 2);
}

/** @param lengths at least one; of an even number, the median is the mean of the two in the middle */
function rangeOf(lengths: readonly number[]): Range {
  const sorted = lengths.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const at = (index: number) => sorted[index] ?? 0;
  return {
    min: at(0),
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    max: at(sorted.length - 1),
  };
}
