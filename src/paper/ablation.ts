import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { countCost } from "../analysis/cost.ts";
import { LightsegError } from "../errors.ts";
import { plural } from "../plural.ts";
import { findBest, type Run, readRun } from "../runs/read-run.ts";
import { resolveStages, type TrainingConfig } from "../training/config.ts";

/** Networks that differ in a part, trained alike. */
export interface Ablation {
  readonly dataset: string;
  /** Epochs, steps, batch and crop, in words. */
  readonly budget: string;
  /** By parameters, the most first. */
  readonly rows: readonly AblationRow[];
}

/** One of an ablation's networks: its cost, and what training brought. */
export interface AblationRow {
  readonly network: string;
  readonly parameters: number;
  /** Multiply-accumulates of an input of `ABLATION_SIZE`. */
  readonly macs: number;
  /** Mean IoU of the best validation, 0..1, whose weights are `weights`. */
  readonly miou: number;
  /** Mean IoU of the last validation, 0..1. */
  readonly last: number;
  readonly steps: number;
  readonly curve: readonly { readonly step: number; readonly miou: number }[];
  /** Path of the best weights. */
  readonly weights: string;
}

/** Height and width of the input that operations are counted for. */
export const ABLATION_SIZE: [height: number, width: number] = [512, 512];

/**
 * Reads the finished runs among a folder's folders, which must have been trained alike.
 *
 * @throws LightsegError NOT_FOUND where none has ended, INVALID_RUN for runs that differ in more than the
 *   network, or for damaged files
 */
export async function readAblation(folder: string): Promise<Ablation> {
  const runs: Run[] = [];
  for (const name of (await listFolders(folder)).sort()) {
    const run = await readRun(join(folder, name));
    if (run.state === "finished") runs.push(run);
  }
  const [first] = runs;
  if (!first) {
    throw new LightsegError({
      code: "NOT_FOUND",
      where: "readAblation",
      file: folder,
      argument: "folder",
      rule: "must hold folders of training runs that have ended",
      hint: "bench/ablation.ts makes them",
    });
  }
  for (const run of runs) requireAlike(first, run);
  const rows = runs.map(describeRun).sort((a, b) => b.parameters - a.parameters);
  return { dataset: first.config.dataset, budget: describeBudget(first), rows };
}

async function listFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

function requireAlike(first: Run, other: Run): void {
  const settings = ({ network: _, ...config }: TrainingConfig) => JSON.stringify(config);
  if (settings(first.config) === settings(other.config)) return;
  throw new LightsegError({
    code: "INVALID_RUN",
    where: "readAblation",
    file: other.folder,
    argument: "config.json",
    rule: `must have the settings of ${first.name}, but for the network`,
    hint: "lightseg report RUN RUN shows what differs",
  });
}

function describeRun({ config: { network }, steps, validations, classes, folder }: Run): AblationRow {
  const { parameters, macs } = countCost({ network, classes: classes.length, size: ABLATION_SIZE });
  const curve = validations.map(({ step, miou }) => ({ step, miou }));
  return {
    network,
    parameters: parameters.total,
    macs: macs.total,
    miou: findBest(validations)?.miou ?? 0,
    last: curve.at(-1)?.miou ?? 0,
    steps: steps.length,
    curve,
    weights: join(folder, "best.safetensors"),
  };
}

function describeBudget({ config, steps }: Run): string {
  const [stage] = resolveStages(config);
  if (!stage) return plural(steps.length, "step");
  const { epochs, batch, crop, decoderLearningRate: rate, freezeEncoder } = stage;
  const encoder = freezeEncoder && config.weights ? `, ${basename(config.weights)}'s encoder as it is` : "";
  return `${plural(epochs, "epoch")}, ${plural(steps.length, "step")} of batch ${batch}, crops of ${crop.join(" x ")}, rate ${rate}${encoder}`;
}
