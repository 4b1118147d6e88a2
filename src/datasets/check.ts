import { checkKeys } from "../check.ts";
import { LightsegError } from "../errors.ts";
import { IGNORE_LABEL } from "../images/palette.ts";
import { type Dataset, requireDataset, type Sample } from "./dataset.ts";
import { type DatasetIssue, findLabelIssues, findRepeatedIds, findTurned } from "./issues.ts";
import { LabelCounts } from "./label-counts.ts";

/** How often a class occurs. */
export interface LabelCount {
  readonly pixels: number;
  /** Share of all pixels, ignored ones included, 0..1. */
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

interface Size {
  readonly width: number;
  readonly height: number;
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

/** Options of `checkDataset`. */
export interface CheckDatasetOptions {
  /** Called after each sample with the number done and the number of all. */
  onProgress?: (done: number, total: number) => void;
  /** Stops between two samples; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Reads every sample of a split, counts labels and sizes, and collects faults instead of stopping at the
 * first.
 *
 * Errors: missing or unreadable files, files of different sizes, labels out of range, ids listed twice, a
 * split without a labelled pixel. Of a sample with several faults the first is reported. A class without
 * pixels is a warning. Open the data set with `missing: "keep"` to find every missing file.
 */
export async function checkDataset(
  dataset: Dataset,
  options: CheckDatasetOptions = {},
): Promise<DatasetCheck> {
  requireDataset(dataset, "checkDataset");
  checkKeys(options, ["onProgress", "signal"], "checkDataset");
  const { onProgress, signal } = options;
  const { name, split, ids, size, labels } = dataset;
  const warnings = (dataset.warnings ?? []).map((message) => ({ severity: "warning", message }) as const);
  const issues: DatasetIssue[] = [...warnings, ...findRepeatedIds(ids)];
  const sound: number[] = [];
  const sizes: Size[] = [];
  const turned: string[] = [];
  const counts = new LabelCounts();
  for (let index = 0; index < size; index++) {
    signal?.throwIfAborted();
    try {
      const sample = await dataset.load(index);
      checkSample(sample, labels.classes.length);
      counts.add(sample.labels);
      sound.push(index);
      sizes.push(sample.photo);
      if (sample.turned) turned.push(sample.id);
    } catch (error) {
      if (!(error instanceof LightsegError)) throw error;
      issues.push({ severity: "error", id: ids[index], message: withoutFunction(error) });
    }
    onProgress?.(index + 1, size);
  }
  if (turned.length > 0) issues.push(findTurned(turned));
  issues.push(...findLabelIssues(dataset, counts));
  return {
    name,
    split,
    samples: size,
    sound,
    issues,
    ...shares(dataset, counts),
    size:
      sound.length === 0
        ? null
        : {
            width: rangeOf(sizes.map(({ width }) => width)),
            height: rangeOf(sizes.map(({ height }) => height)),
          },
  };
}

function shares({ labels }: Dataset, { pixels, photos }: LabelCounts) {
  const total = pixels.reduce((sum, count) => sum + count, 0);
  const countOf = (label: number): LabelCount => ({
    pixels: pixels[label] ?? 0,
    share: total === 0 ? 0 : (pixels[label] ?? 0) / total,
    photos: photos[label] ?? 0,
  });
  return {
    classes: labels.classes.map((name, label) => ({ name, ...countOf(label) })),
    ignored: countOf(labels.ignoreLabel),
  };
}

/** @throws LightsegError INVALID_DATASET for what no reader may return */
function checkSample({ id, photo, labels }: Sample, classes: number): void {
  const fault = (rule: string, value: unknown) =>
    new LightsegError({ code: "INVALID_DATASET", where: "checkDataset", argument: id, rule, value });
  if (labels.width !== photo.width || labels.height !== photo.height) {
    const rule = `must have labels of the size of its photo, ${photo.width}x${photo.height}`;
    throw fault(rule, `${labels.width}x${labels.height}`);
  }
  const wrong = labels.data.find((label) => label >= classes && label !== IGNORE_LABEL);
  if (wrong !== undefined) throw fault(`must have labels 0 to ${classes - 1} or ${IGNORE_LABEL}`, wrong);
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
