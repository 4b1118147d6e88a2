import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { countCost } from "../analysis/cost.ts";
import { checkKeys, checkParts, checkPath } from "../check.ts";
import { datasets } from "../datasets/index.ts";
import { LightsegError } from "../errors.ts";
import type { Palette } from "../images/types.ts";
import { isNetwork } from "../models/zoo.ts";
import { resolveStages, type TrainingConfig } from "../training/config.ts";
import {
  type LogRecord,
  logRecordSchema,
  type StepRecord,
  type ValidationRecord,
} from "../training/events.ts";
import { isPatienceOver } from "../training/patience.ts";
import { RUN_ORIGIN } from "../weights/node/read.ts";
import { type RunEvaluation, readEvaluation } from "./evaluation-file.ts";
import { parseAs, readText } from "./read-json.ts";
import { readConfig } from "./run-folder.ts";
import { findTrainer } from "./run-lock.ts";

/** All that is known about a training run from its folder. */
export interface Run {
  /** The folder's own name. */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  readonly config: TrainingConfig;
  /** What it began with: versions, machine, hash of the weights; by name, as it was stored. */
  readonly origin: Readonly<Record<string, unknown>>;
  readonly steps: readonly StepRecord[];
  readonly validations: readonly ValidationRecord[];
  /** Of the best validation; undefined before the first. */
  readonly evaluation: RunEvaluation | undefined;
  /**
   * `running` while a process of this machine trains it, or where one of another machine may do so: the
   * folder is locked from there, and the log was written to within the last 15 minutes. Else `stopped`,
   * unless the run is at its end.
   */
  readonly state: "running" | "stopped" | "finished";
  /** When it last wrote to its log, or began. */
  readonly updated: Date;
  /** Names of the classes, as far as validations have told. */
  readonly classes: readonly string[];
  /** RGB of each class where known, else empty. */
  readonly palette: Palette;
  /** Trained values. Undefined for a network that is not in the zoo, or before the classes are known. */
  readonly parameters: number | undefined;
}

/** Long enough for a validation, during which nothing is logged. */
const SILENCE_MS = 15 * 60_000;

const originSchema = z.record(z.string(), z.unknown());

/**
 * Reads a run's folder, also while the run goes on: a half-written last line of its log is left out.
 *
 * @param options.now the present, which decides whether another machine still trains; defaults to the clock
 * @throws LightsegError NOT_FOUND for a folder that is no run, INVALID_RUN for damaged files
 */
export async function readRun(path: string, options: { now?: Date } = {}): Promise<Run> {
  checkPath(path, "readRun", "path", "must be the path of a folder");
  checkKeys(options, ["now"], "readRun");
  const { now = new Date() } = options;
  const folder = resolve(path);
  const configPath = join(folder, "config.json");
  const config = await readConfig(configPath);
  if (!config) {
    throw new LightsegError({
      code: "NOT_FOUND",
      where: "readRun",
      file: folder,
      argument: "folder",
      rule: "must hold a training run",
      hint: "name a folder that lightseg train --run has made",
    });
  }
  const originPath = join(folder, RUN_ORIGIN);
  const originText = await readText(originPath);
  const origin = originText ? parseAs(originSchema, originText, { file: originPath }) : {};
  const records = await readLog(join(folder, "log.jsonl"));
  const steps = records.filter((record) => record.kind === "step");
  const validations = records.filter((record) => record.kind === "validation");
  const evaluation = await readEvaluation(folder);
  const updated = await lastChange([join(folder, "log.jsonl"), configPath]);
  const classes = evaluation?.classes ?? Object.keys(validations.at(-1)?.iou ?? {});
  const trainer = await findTrainer(folder);
  const isSilent = now.getTime() - updated.getTime() >= SILENCE_MS;
  const isAlive = trainer === "here" || (trainer === "elsewhere" && !isSilent);
  return {
    name: basename(folder),
    folder,
    config,
    origin,
    steps,
    validations,
    evaluation,
    state: isFinished(config, steps, validations) ? "finished" : isAlive ? "running" : "stopped",
    updated,
    classes,
    palette: evaluation?.palette ?? knownPalette(config.dataset, classes),
    parameters: countParameters(config.network, classes.length),
  };
}

/** @throws LightsegError INVALID_ARGUMENT for anything but a run */
export function checkRun(run: Run, where: string): void {
  checkParts(run, ["config", "steps", "validations"], where, "run", "must be what readRun gives");
}

/** The validation with the highest mean IoU, the first of several. Its weights are the run's best. */
export function findBest(validations: readonly ValidationRecord[]): ValidationRecord | undefined {
  return validations.reduce<ValidationRecord | undefined>(
    (best, validation) => (best && best.miou >= validation.miou ? best : validation),
    undefined,
  );
}

/** @throws LightsegError INVALID_RUN for a line that is no record, unless it is the last and unfinished */
async function readLog(path: string): Promise<LogRecord[]> {
  const lines = ((await readText(path)) ?? "").split("\n");
  // What follows the last line break is either nothing or still being written.
  return lines
    .slice(0, -1)
    .map((line, index) => parseAs(logRecordSchema, line, { file: path, argument: `line ${index + 1}` }));
}

/**
 * The last epoch ends with a validation: a run is finished when that follows its last step. With patience a
 * run may finish earlier.
 */
function isFinished(
  config: TrainingConfig,
  steps: readonly StepRecord[],
  validations: readonly ValidationRecord[],
): boolean {
  const epochs = resolveStages(config).reduce((sum, stage) => sum + stage.epochs, 0);
  const last = steps.at(-1);
  if (last === undefined || validations.at(-1)?.step !== last.step) return false;
  const best = findBest(validations)?.step;
  const bestEpoch = steps.find(({ step }) => step === best)?.epoch ?? last.epoch;
  return last.epoch === epochs || isPatienceOver(config, last.epoch, bestEpoch);
}

/** When the first of these files that is there was written. */
async function lastChange(paths: readonly string[]): Promise<Date> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found) return found.mtime;
  }
  return new Date(0);
}

/** Runs from before there was an `evaluation.json` know the names of their classes only. */
function knownPalette(dataset: string, classes: readonly string[]): Palette {
  const labels = datasets.find(({ name }) => name === dataset)?.labels;
  return labels && String(labels.classes) === String(classes) ? labels.palette : [];
}

function countParameters(network: string, classes: number): number | undefined {
  if (classes === 0 || !isNetwork(network)) return undefined;
  // No layer's parameters depend on the size of the input.
  return countCost({ network, classes, size: [64, 64] }).parameters.total;
}
