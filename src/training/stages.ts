import type { Dataset } from "../datasets/dataset.ts";
import { findDataset } from "../datasets/index.ts";
import { LightsegError } from "../errors.ts";
import { resolveStages, type StageConfig, type TrainingConfig } from "./config.ts";
import { deriveSeed } from "./random.ts";
import { stepsPerEpoch } from "./sampler.ts";

/** A part of the training with data and settings of its own. */
export interface Stage {
  /** From 0. */
  readonly index: number;
  readonly config: StageConfig;
  readonly dataset: Dataset;
  readonly stepsPerEpoch: number;
  /** Steps of this stage. */
  readonly steps: number;
  /** Steps and epochs before it. */
  readonly before: { readonly steps: number; readonly epochs: number };
  /** Seed of all that is random in it. */
  readonly seed: number;
}

/** Opens the data of all stages, so that what is missing is found before the first of them begins. */
export async function openStages(config: TrainingConfig): Promise<Stage[]> {
  const stages: Stage[] = [];
  let before = { steps: 0, epochs: 0 };
  for (const [index, own] of resolveStages(config).entries()) {
    const dataset = await findDataset(own.dataset).open(own.data, own.split);
    const perEpoch = stepsPerEpoch(dataset.size, own.batch);
    const steps = perEpoch * own.epochs;
    const seed = index === 0 ? config.seed : deriveSeed("stage", config.seed, index);
    stages.push({ index, config: own, dataset, stepsPerEpoch: perEpoch, steps, before, seed });
    before = { steps: before.steps + steps, epochs: before.epochs + own.epochs };
  }
  return stages;
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
