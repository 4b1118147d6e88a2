import type { Dataset } from "../datasets/dataset.ts";
import { findDataset } from "../datasets/index.ts";
import { LightsegError } from "../errors.ts";
import { plural } from "../plural.ts";
import { resolveStages, type StageConfig, type TrainingConfig } from "../training/config.ts";
import type { TrainingEvent } from "../training/events.ts";
import { countPhotoLabels } from "../training/photo-labels.ts";
import { repeatRareClasses } from "../training/repeat-rare.ts";
import { planStages, type Stage, type StageData, stageSeed } from "../training/stage.ts";

/**
 * Opens the data of all stages, so that what is missing is found before the first of them begins.
 *
 * Leaves photos of the validation split out of another data set with the same photos: SBD's training split
 * holds photos of VOC's validation split.
 *
 * @param validation what validations measure, a split of `config.dataset`
 * @param onEvent is told what was left out, and how far the counting of labels is
 */
export async function openStages(
  config: TrainingConfig,
  validation: Dataset,
  onEvent: (event: TrainingEvent) => void,
): Promise<Stage<Dataset>[]> {
  const data: StageData<Dataset>[] = [];
  for (const [index, own] of resolveStages(config).entries()) {
    const all = await findDataset(own.dataset).open(own.data, own.split);
    const isRelative =
      own.dataset !== config.dataset && photoSourceOf(own.dataset) === photoSourceOf(config.dataset);
    const kept = isRelative ? withoutIds(all, new Set(validation.ids)) : all;
    if (kept.size < all.size) {
      const text = `${plural(all.size - kept.size, "photo")} of ${all.name} ${all.split} left out: also in ${validation.name} ${validation.split}`;
      onEvent({ kind: "note", text });
    }
    data.push(await countAndRepeat(kept, own, { seed: stageSeed(config, index), onEvent }));
  }
  return planStages(config, data);
}

/** Counts labels where a setting needs them, once, and repeats photos of rare classes if asked to. */
async function countAndRepeat(
  dataset: Dataset,
  { repeatRare, classWeights, copyPaste }: StageConfig,
  { seed, onEvent }: { seed: number; onEvent: (event: TrainingEvent) => void },
): Promise<StageData<Dataset>> {
  if (repeatRare === 0 && copyPaste === 0 && classWeights === "none") return { samples: dataset };
  const counts = await countPhotoLabels(dataset, dataset.labels.classes.length, (done, total) =>
    onEvent({ kind: "progress", task: "counting labels", done, total }),
  );
  if (repeatRare === 0) return { samples: dataset, counts };
  const places = repeatRareClasses(counts, { threshold: repeatRare, seed });
  const text = `${plural(dataset.size, "photo")} of ${dataset.name} ${dataset.split}, rare classes repeated: ${places.length} an epoch`;
  onEvent({ kind: "note", text });
  return {
    samples: selectSamples(dataset, places),
    counts: places.map((index) => counts[index] ?? new Float64Array()),
  };
}

/** The data set with these of its samples, in this order; one may stand several times. */
function selectSamples(dataset: Dataset, places: readonly number[]): Dataset {
  return {
    ...dataset,
    size: places.length,
    ids: places.map((index) => dataset.ids[index] ?? ""),
    load: (place) => dataset.load(places[place] ?? dataset.size),
  };
}

function photoSourceOf(dataset: string): string {
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
  return selectSamples(dataset, kept);
}

/** @throws LightsegError INVALID_DATASET unless the stages have the classes that validations measure */
export function requireEqualClasses(stages: readonly Stage<Dataset>[], validation: Dataset): void {
  const { classes } = validation.labels;
  for (const { samples } of stages) {
    const own = samples.labels.classes;
    if (own.length === classes.length && own.every((name, label) => name === classes[label])) continue;
    throw new LightsegError({
      code: "INVALID_DATASET",
      where: "train",
      argument: samples.name,
      rule: `must have the classes of ${validation.name}: ${classes.join(", ")}`,
      value: own.join(", "),
    });
  }
}
