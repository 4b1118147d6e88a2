import type { Dataset } from "../datasets/dataset.ts";
import { findLabelIssues, findTurned } from "../datasets/issues.ts";
import { LabelCounts } from "../datasets/label-counts.ts";
import { LightsegError } from "../errors.ts";
import { plural } from "../plural.ts";
import { createRandom, shuffled } from "../random.ts";
import type { TrainingEvent } from "../training/events.ts";
import type { Stage } from "../training/stage.ts";

type OnEvent = (event: TrainingEvent) => void;

/**
 * Reads the validation data before the first step: a fault found after the first epochs would cost their
 * work.
 *
 * The validation split is read as a whole. Of a training split, photos are read until every class was seen.
 *
 * @returns warnings, such as files passed over, classes without pixels, photos in both splits; each text is
 *   an event as well
 * @throws LightsegError INVALID_DATASET for a split without a labelled pixel, or what reading a sample throws
 */
export async function checkData(
  stages: readonly Stage<Dataset>[],
  validation: Dataset,
  onEvent: OnEvent,
): Promise<string[]> {
  const opened = [...stages.map(({ samples }) => samples), validation];
  const warnings = new Set(opened.flatMap(({ warnings = [] }) => warnings));
  const judge = (dataset: Dataset, { counts, turned = [] }: Seen) => {
    if (turned.length > 0) warnings.add(`${dataset.name}: ${findTurned(turned).message}`);
    for (const { severity, message } of findLabelIssues(dataset, counts)) {
      if (severity === "error") throw unlabelled(dataset, message);
      warnings.add(`${dataset.name}: ${message}`);
    }
  };
  judge(validation, await readUntil(validation, onEvent, () => false));
  // Stages may train on the same split.
  const unseen = new Map(stages.map((stage) => [splitOf(stage), stage]));
  for (const { samples, counts } of unseen.values())
    judge(
      samples,
      counts ? await sumCounts(samples, counts, onEvent) : await readUntil(samples, onEvent, hasAllClasses),
    );
  const last = stages.at(-1);
  const both = last && describeShared(last.samples, validation);
  const small = last && (await describeSmallCrop(last));
  for (const text of [both, small]) if (text !== undefined) warnings.add(text);
  for (const text of warnings) onEvent({ kind: "warning", text });
  return [...warnings];
}

/** A warning of photos that are trained on and measured too; undefined where there are none. */
function describeShared(training: Dataset, validation: Dataset): string | undefined {
  if (training.name !== validation.name) return undefined;
  const trained = new Set(training.ids);
  const shared = validation.ids.filter((id) => trained.has(id));
  if (shared.length === 0) return undefined;
  const examples = `${shared.slice(0, 3).join(", ")}${shared.length > 3 ? " ..." : ""}`;
  const which = `${shared.length} of the ${plural(validation.size, "photo")} of ${validation.split} (${examples})`;
  return `${validation.name}: ${training.split} has ${which} too, so validation mIoU is too high`;
}

/** Share of a photo that a crop shows at least without a warning. */
const SMALL_CROP = 0.02;

/** A warning of photos so large that a crop shows next to nothing of one; undefined for others. */
async function describeSmallCrop({ samples, config }: Stage<Dataset>): Promise<string | undefined> {
  const { id, photo } = await samples.load(0);
  const [height, width] = config.crop;
  const [least, most] = config.scale;
  const resized = Math.max((least + most) / 2, config.shorterSide / Math.min(photo.height, photo.width));
  const share = (height * width) / (photo.height * photo.width * resized ** 2);
  if (share >= SMALL_CROP) return undefined;
  const shown = `a crop of ${height}x${width} shows ${(100 * share).toFixed(1)} % of a photo of ${photo.height}x${photo.width} (${id})`;
  return `${samples.name}: ${shown}: shrink photos and masks, such as to 640 pixels, or take larger crops or a smaller scale`;
}

/** What the photos that were read hold. */
interface Seen {
  readonly counts: LabelCounts;
  /** Ids of photos that EXIF turns unseen. */
  readonly turned?: readonly string[];
}

function splitOf({ config: { dataset, data, split } }: Stage): string {
  return JSON.stringify([dataset, data, split]);
}

/** Counts labels, sample by sample in random order, until enough was seen. */
async function readUntil(
  dataset: Dataset,
  onEvent: OnEvent,
  isEnough: (dataset: Dataset, counts: LabelCounts) => boolean,
): Promise<Seen> {
  const counts = new LabelCounts();
  const turned: string[] = [];
  // Neighbors are alike in data sets of clips.
  for (const [done, index] of shuffled(dataset.size, createRandom(0)).entries()) {
    const sample = await dataset.load(index);
    counts.add(sample.labels);
    if (sample.turned) turned.push(sample.id);
    onEvent({ kind: "progress", task: "checking photos", done: done + 1, total: dataset.size });
    if (isEnough(dataset, counts)) break;
  }
  return { counts, turned };
}

function hasAllClasses({ labels }: Dataset, { pixels }: LabelCounts): boolean {
  return labels.classes.every((_, label) => (pixels[label] ?? 0) > 0);
}

/** Pixels of each class over all photos, and of the ignore label where a class has none. */
async function sumCounts(dataset: Dataset, counts: readonly Float64Array[], onEvent: OnEvent): Promise<Seen> {
  const sum = new LabelCounts();
  for (const ofPhoto of counts)
    for (const [label, count] of ofPhoto.entries()) sum.pixels[label] = (sum.pixels[label] ?? 0) + count;
  return hasAllClasses(dataset, sum) ? { counts: sum } : readUntil(dataset, onEvent, hasAllClasses);
}

function unlabelled({ name }: Dataset, message: string): LightsegError {
  return new LightsegError({
    code: "INVALID_DATASET",
    where: "train",
    argument: name,
    rule: `must have labelled pixels: ${message}`,
    hint: "lightseg data check shows what the masks hold",
  });
}
