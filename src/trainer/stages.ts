import type { Dataset } from "../datasets/dataset.ts";
import { findDataset } from "../datasets/index.ts";
import { LightsegError } from "../errors.ts";
import { deriveSeed } from "../random.ts";
import { resolveStages, type StageConfig, type TrainingConfig } from "../training/config.ts";
import type { TrainingEvent } from "../training/events.ts";
import { countPhotoLabels } from "../training/photo-labels.ts";
import { repeatRareClasses } from "../training/repeat-rare.ts";
import { stepsPerEpoch } from "../training/sampler.ts";

/** A part of the training with data and settings of its own. */
export interface Stage {
  /** From 0. */
  readonly index: number;
  readonly config: StageConfig;
  readonly dataset: Dataset;
  /** Pixels of each class in each photo of the data set, where a setting needs them. */
  readonly counts?: readonly Float64Array[];
  readonly stepsPerEpoch: number;
  /** Steps of this stage. */
  readonly steps: number;
  /** Steps and epochs before it. */
  readonly before: { readonly steps: number; readonly epochs: number };
  /** Seed of all that is random in it. */
  readonly seed: number;
}

/**
 * Opens the data of all stages, so that what is missing is found before the first of them begins.
 *
 * Photos that validations measure are left out of another data set with the same photos: SBD's training split holds photos of VOC's validation split.
 *
 * @param validation what validations measure, a split of `config.dataset`
 * @param onEvent is told what was left out, and how far the counting of labels is
 */
export async function openStages(
  config: TrainingConfig,
  validation: Dataset,
  onEvent: (event: TrainingEvent) => void,
): Promise<Stage[]> {
  const stages: Stage[] = [];
  let before = { steps: 0, epochs: 0 };
  for (const [index, own] of resolveStages(config).entries()) {
    const all = await findDataset(own.dataset).open(own.data, own.split);
    const isRelative = own.dataset !== config.dataset && photosOf(own.dataset) === photosOf(config.dataset);
    const kept = isRelative ? withoutIds(all, new Set(validation.ids)) : all;
    const name = `${all.name} ${all.split}`;
    if (kept.size < all.size) {
      const text = `${all.size - kept.size} photos of ${name} are left out: they are in ${validation.name} ${validation.split}`;
      onEvent({ kind: "note", text });
    }
    const seed = index === 0 ? config.seed : deriveSeed("stage", config.seed, index);
    const { dataset, counts } = await countAndRepeat(kept, own, { seed, onEvent });
    const perEpoch = stepsPerEpoch(dataset.size, own.batch);
    const steps = perEpoch * own.epochs;
    stages.push({
      index,
      config: own,
      dataset,
      stepsPerEpoch: perEpoch,
      steps,
      before,
      seed,
      ...(counts && { counts }),
    });
    before = { steps: before.steps + steps, epochs: before.epochs + own.epochs };
  }
  return stages;
}

/** Counts the labels where a setting needs them, once for all, and repeats photos of rare classes where asked to. */
async function countAndRepeat(
  dataset: Dataset,
  { repeatRare, classWeights, copyPaste }: StageConfig,
  { seed, onEvent }: { seed: number; onEvent: (event: TrainingEvent) => void },
): Promise<{ dataset: Dataset; counts?: readonly Float64Array[] }> {
  if (repeatRare === 0 && copyPaste === 0 && classWeights === "none") return { dataset };
  const onProgress = (done: number, total: number) =>
    onEvent({ kind: "progress", task: "counting labels", done, total });
  const counted = await countPhotoLabels(dataset, onProgress);
  if (repeatRare === 0) return counted;
  const repeated = repeatRareClasses(counted, { threshold: repeatRare, seed });
  const text = `${dataset.size} photos of ${dataset.name} ${dataset.split}, rare classes repeated: ${repeated.dataset.size} an epoch`;
  onEvent({ kind: "note", text });
  return repeated;
}

function photosOf(dataset: string): string {
  return findDataset(dataset).photosOf ?? dataset;
}

/** @throws LightsegError INVALID_DATASET if none is left */
function withoutIds(dataset: Dataset, ids: ReadonlySet<string>): Dataset {
  const kept = dataset.ids.flatMap((id, index) => (ids.has(id) ? [] : [index]));
  if (kept.length === dataset.size) return dataset;
  if (kept.length === 0) {
    throw new LightsegError({
      code: "INVALID_DATASET",
      where: "train",
      argument: `${dataset.name} ${dataset.split}`,
      rule: "must hold photos that validations do not measure",
    });
  }
  return {
    ...dataset,
    size: kept.length,
    ids: kept.map((index) => dataset.ids[index] ?? ""),
    load: (index) => dataset.load(kept[index] ?? dataset.size),
  };
}

/** @throws LightsegError INVALID_DATASET unless the stages have the classes that validations measure */
export function requireEqualClasses(stages: readonly Stage[], validation: Dataset): void {
  const { classes } = validation.labels;
  for (const { dataset } of stages) {
    const own = dataset.labels.classes;
    if (own.length === classes.length && own.every((name, label) => name === classes[label])) continue;
    throw new LightsegError({
      code: "INVALID_DATASET",
      where: "train",
      argument: dataset.name,
      rule: `must have the classes of ${validation.name}: ${classes.join(", ")}`,
      value: own.join(", "),
    });
  }
}
