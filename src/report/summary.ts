import { checkRun, findBest, type Run } from "../runs/read-run.ts";
import { resolveStages } from "../training/config.ts";
import type { ValidationRecord } from "../training/events.ts";

/** A run in a few numbers. */
export interface RunSummary {
  /** The folder. */
  readonly run: string;
  readonly network: string;
  readonly dataset: string;
  readonly state: Run["state"];
  /** Steps done. */
  readonly step: number;
  /** Epochs begun, and epochs in all. */
  readonly epoch: number;
  readonly epochs: number;
  /** The highest mean IoU, 0..1; null before the first validation. */
  readonly best: { readonly step: number; readonly miou: number } | null;
  readonly last: { readonly step: number; readonly miou: number } | null;
  /** Seconds that the steps took, validations not counted. */
  readonly seconds: number;
  readonly parameters: number | null;
}

/** Sums a run up. */
export function summarizeRun(run: Run): RunSummary {
  checkRun(run, "summarizeRun");
  const { config, steps, validations } = run;
  const newest = steps.at(-1);
  return {
    run: run.folder,
    network: config.network,
    dataset: config.dataset,
    state: run.state,
    step: newest?.step ?? 0,
    epoch: newest?.epoch ?? 0,
    epochs: resolveStages(config).reduce((sum, stage) => sum + stage.epochs, 0),
    best: pick(findBest(validations)),
    last: pick(validations.at(-1)),
    seconds: steps.reduce((sum, { ms }) => sum + ms, 0) / 1000,
    parameters: run.parameters ?? null,
  };
}

function pick(validation: ValidationRecord | undefined): { step: number; miou: number } | null {
  return validation ? { step: validation.step, miou: validation.miou } : null;
}
