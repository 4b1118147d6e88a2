import {
  parseTrainingConfig,
  resolveStages,
  type StageConfig,
  type TrainingOptions,
} from "../../src/training/config.ts";

/** The one stage of a training with these settings. */
export function onlyStage(options: TrainingOptions): StageConfig {
  const [stage, ...others] = resolveStages(parseTrainingConfig(options));
  if (!stage || others.length > 0) throw new Error("there must be one stage");
  return stage;
}
