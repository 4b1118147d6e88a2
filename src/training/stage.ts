import { deriveSeed } from "../random.ts";
import { resolveStages, type StageConfig, type TrainingConfig } from "./config.ts";
import { stepsPerEpoch } from "./sampler.ts";
import type { Samples } from "./samples.ts";

/** What a stage learns from. */
export interface StageData<S extends Samples = Samples> {
  readonly samples: S;
  /** Pixels of each class in each photo, for settings that need them; see `countPhotoLabels`. */
  readonly counts?: readonly Float64Array[];
}

/** A part of the training with data and settings of its own. */
export interface Stage<S extends Samples = Samples> extends StageData<S> {
  /** From 0. */
  readonly index: number;
  readonly config: StageConfig;
  readonly stepsPerEpoch: number;
  /** Steps of this stage. */
  readonly steps: number;
  /** Steps and epochs before it. */
  readonly before: { readonly steps: number; readonly epochs: number };
  /** Seed of all that is random in it. */
  readonly seed: number;
}

/** The seed of a stage; the first one has that of the run. */
export function stageSeed({ seed }: TrainingConfig, index: number): number {
  return index === 0 ? seed : deriveSeed("stage", seed, index);
}

/**
 * The stages of a training one after the other.
 *
 * @param data what each stage learns from, one for each of `config.stages`
 * @throws LightsegError INVALID_ARGUMENT if a batch is larger than its data
 */
export function planStages<S extends Samples>(
  config: TrainingConfig,
  data: readonly StageData<S>[],
): Stage<S>[] {
  const settings = resolveStages(config);
  let before = { steps: 0, epochs: 0 };
  return data.map((own, index) => {
    const stage = settings[index];
    if (!stage) throw new Error(`there is no stage ${index}`);
    const perEpoch = stepsPerEpoch(own.samples.size, stage.batch);
    const steps = perEpoch * stage.epochs;
    const seed = stageSeed(config, index);
    const planned = { ...own, index, config: stage, stepsPerEpoch: perEpoch, steps, before, seed };
    before = { steps: before.steps + steps, epochs: before.epochs + stage.epochs };
    return planned;
  });
}
