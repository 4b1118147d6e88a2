import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RunEvaluation, writeEvaluation } from "../../src/runs/evaluation-file.ts";
import type { Run } from "../../src/runs/read-run.ts";
import { parseTrainingConfig, type TrainingOptions } from "../../src/training/config.ts";
import type { StepRecord, ValidationRecord } from "../../src/training/events.ts";

export interface RunFiles {
  config?: Partial<TrainingOptions>;
  losses?: readonly number[];
  /** An epoch ends after so many steps. Defaults to all of them. */
  epochSteps?: number;
  validations?: readonly ValidationRecord[];
  evaluation?: RunEvaluation;
}

const options: TrainingOptions = { network: "ndnet29-fcn32", dataset: "camvid", data: "camvid", epochs: 1 };

/** Steps of half a second with these losses; learning rates fall from 0.1 and 0.2. */
export function stepsOf(losses: readonly number[], epochSteps = losses.length): StepRecord[] {
  return losses.map((loss, index) => ({
    kind: "step",
    step: index + 1,
    epoch: Math.floor(index / epochSteps) + 1,
    loss,
    learningRate: [0.1 / (index + 1), 0.2 / (index + 1)],
    ms: 500,
  }));
}

/** A validation with the mean of the IoUs that exist; pixel accuracy 0.9. */
export function validationOf(step: number, iou: Record<string, number | null>): ValidationRecord {
  const known = Object.values(iou).filter((value) => value !== null);
  const miou = known.reduce((sum, value) => sum + value, 0) / known.length;
  return { kind: "validation", step, miou, pixelAccuracy: 0.9, iou };
}

/** Of two classes: 6 of 8 pixels of `<sky>` are right, and 1 of 2 of `road`. */
export const evaluation: RunEvaluation = {
  step: 2,
  classes: ["<sky>", "road"],
  palette: [
    [1, 2, 3],
    [4, 5, 6],
  ],
  confusion: [
    [6, 2],
    [1, 1],
  ],
  panels: [{ id: 'photo "1"', image: "data:image/png;base64,AAAA" }],
};

/** What `readRun` gives for such files. */
export function runOf({ config, losses = [], epochSteps, validations = [], ...rest }: RunFiles = {}): Run {
  return {
    name: "a",
    folder: "/runs/a",
    config: parseTrainingConfig({ ...options, ...config }),
    origin: {},
    steps: stepsOf(losses, epochSteps),
    validations,
    evaluation: rest.evaluation,
    state: "running",
    updated: new Date("2026-11-21T09:33:21Z"),
    classes: rest.evaluation?.classes ?? Object.keys(validations.at(-1)?.iou ?? {}),
    palette: rest.evaluation?.palette ?? [],
    parameters: undefined,
  };
}

/** Writes a run's folder. */
export async function writeRun(folder: string, files: RunFiles = {}): Promise<void> {
  const { config, steps, validations } = runOf(files);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "origin.json"), JSON.stringify({ lightseg: "0.1.0", cores: 2 }));
  const lines = [...steps, ...validations].map((record) => `${JSON.stringify(record)}\n`);
  await writeFile(join(folder, "log.jsonl"), lines.join(""));
  if (files.evaluation) await writeEvaluation(folder, files.evaluation);
}
