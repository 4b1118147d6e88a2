/**
 * The training core: takes samples, storage and engine from outside and knows no platform. `train()` of Node
 * is this loop over data sets on disk, with a run folder as storage.
 */

import { LightsegError } from "../errors.ts";
import type { Preprocessing } from "../models/preprocessing.ts";
import type { Weights } from "../models/weights.ts";
import { plural } from "../plural.ts";
import type { OpenSession } from "../runtime/session.ts";
import { takeChosen } from "../weights/stored-names.ts";
import { BatchQueue } from "./batch-queue.ts";
import { checkLoss } from "./check-loss.ts";
import { classWeights } from "./class-weights.ts";
import type { StageConfig, TrainingConfig } from "./config.ts";
import type { LogRecord, TrainingEvent, ValidationRecord } from "./events.ts";
import { LossGrowth } from "./loss-growth.ts";
import { isPatienceOver } from "./patience.ts";
import { chooseReplicas } from "./replicas.ts";
import { learningRateFactor } from "./schedule.ts";
import type { Stage } from "./stage.ts";
import { isMemory, validatedNames } from "./state-names.ts";
import {
  buildTrainingGraph,
  openTrainingSession,
  type TrainingGraph,
  type TrainingSession,
} from "./training-session.ts";

/** The highest validation mIoU, 0..1, and after how many steps it was reached. */
export interface BestSoFar {
  readonly miou: number;
  readonly step: number;
}

/** Where a training stands: enough to go on as if it had never stopped. */
export interface Checkpoint {
  /** Steps done. */
  readonly step: number;
  readonly best?: BestSoFar;
  /** True if the validation after this step is still to come. */
  readonly validationDue?: boolean;
  /** True if the training has ended early, see `isPatienceOver`. */
  readonly ended?: boolean;
  /** Parameters, statistics, moving averages and what the optimizer remembers, see state-names.ts. */
  readonly state: Weights;
}

/** Where a training is kept. */
export interface TrainingStorage {
  /** Keeps a line of the log. */
  record(entry: LogRecord): Promise<void>;
  /** Replaces the last checkpoint. */
  save(checkpoint: Checkpoint): Promise<void>;
}

/** What a validation found. */
export interface Validation {
  readonly metrics: Pick<ValidationRecord, "miou" | "pixelAccuracy" | "iou">;
  /** Keeps the weights that were measured as the best so far. */
  keep(): Promise<void>;
}

/** What a training needs from outside. */
export interface RunTrainingOptions {
  config: TrainingConfig;
  stages: readonly Stage[];
  /** The number of classes. */
  classes: number;
  preprocessing: Preprocessing;
  /** Where to begin: step 0 with initial weights, or a checkpoint. */
  start: Checkpoint;
  storage: TrainingStorage;
  open: OpenSession;
  /** Threads of the engine. */
  threads: number;
  /** Measures weights (their EMA, where kept) after a step. Defaults to no validations. */
  validate?: (weights: Weights, step: number) => Promise<Validation>;
  /** Looks at the graph of a stage before it is opened; may refuse it. */
  onGraph?: (graph: TrainingGraph, stage: StageConfig) => void;
  /** The error to throw for one of a step; the last checkpoint has `saved` steps. Defaults to the same. */
  explain?: (error: unknown, saved: number) => unknown;
  onEvent?: (event: TrainingEvent) => void;
  /** Stops after the step under way, with a checkpoint saved. */
  signal?: AbortSignal;
}

/** How a training ended. */
export interface TrainingResult {
  /** Steps done; fewer than planned where it ended early, see `TrainingOptions.patience`. */
  readonly step: number;
  /** False if the signal stopped it. */
  readonly finished: boolean;
  readonly best?: BestSoFar;
}

/**
 * Trains through all stages.
 *
 * The batches of step n depend on samples, seed and n alone. So a resumed training ends with the same weights
 * as one that never stopped, bit for bit, given the same engine and threads.
 *
 * @throws LightsegError RUNTIME if loss or weights are no longer numbers, and what samples, storage and
 *   engine throw
 */
export async function runTraining(options: RunTrainingOptions): Promise<TrainingResult> {
  const { stages, start, signal } = options;
  // Stopped between the checkpoint and its validation.
  let checkpoint = start.validationDue && !signal?.aborted ? await measure(start, options) : start;
  for (const stage of stages)
    if (checkpoint.step < stage.before.steps + stage.steps && !checkpoint.ended && !signal?.aborted)
      checkpoint = await runStage(stage, checkpoint, options);
  const { step, best, ended = false, validationDue = false } = checkpoint;
  const finished = !validationDue && (ended || step === countSteps(stages));
  return { step, finished, best };
}

async function runStage(stage: Stage, start: Checkpoint, options: RunTrainingOptions): Promise<Checkpoint> {
  const { config, stages, preprocessing, storage, validate, explain, onEvent, signal } = options;
  const first = stage.before.steps;
  const totalSteps = countSteps(stages);
  onEvent?.({
    kind: "note",
    text: describeStage(stage, { step: start.step, totalSteps, stages: stages.length }),
  });
  const session = await openStage(stage, start, options);
  try {
    const batches = new BatchQueue(stage, preprocessing);
    const growth = new LossGrowth();
    let checkpoint = start;
    const goesOn = (step: number) => step < first + stage.steps && !checkpoint.ended && !signal?.aborted;
    for (let step = start.step; goesOn(step); ) {
      const { step: saved } = checkpoint;
      const taking = takeStep(stage, step - first, { session, batches, options });
      const loss = await taking.catch((error: unknown) => {
        throw explain?.(error, saved) ?? error;
      });
      step++;
      const grown = growth.add(loss);
      if (grown !== undefined) onEvent?.({ kind: "warning", text: `step ${step}: ${grown}; ${DIVERGES}` });
      const epochs = (step - first) / stage.stepsPerEpoch;
      const isValidated =
        validate !== undefined &&
        (step === first + stage.steps || (Number.isInteger(epochs) && epochs % config.validateEvery === 0));
      const isLast = step === first + stage.steps || signal?.aborted;
      if (!isValidated && !isLast && step % config.saveEvery !== 0) continue;
      const { best } = checkpoint;
      checkpoint = { step, state: await session.state(), best };
      requireNumbers(checkpoint);
      // Saved before the validation, so that one that fails loses no step.
      await storage.save({ ...checkpoint, ...(isValidated && { validationDue: true }) });
      if (isValidated) checkpoint = await measure(checkpoint, options);
    }
    return checkpoint;
  } finally {
    await session.dispose();
  }
}

/** @param step of the stage, from 0 @returns the loss */
async function takeStep(
  stage: Stage,
  step: number,
  {
    session,
    batches,
    options,
  }: { session: TrainingSession; batches: BatchQueue; options: RunTrainingOptions },
): Promise<number> {
  const before = stage.before.steps;
  const done = before + step + 1;
  const batch = await batches.take(step);
  const rates = learningRates(stage, step);
  const start = performance.now();
  const loss = await session.run(batch, { step, before, rates });
  checkLoss(loss, { where: "train", step: done, hint: DIVERGES });
  await record(options, {
    kind: "step",
    step: done,
    epoch: stage.before.epochs + Math.ceil((step + 1) / stage.stepsPerEpoch),
    loss,
    learningRate: [rates.encoder, rates.decoder],
    ms: performance.now() - start,
  });
  return loss;
}

/** Validates a checkpoint, keeps its weights if they are the best so far, and saves it again. */
async function measure({ step, best, state }: Checkpoint, options: RunTrainingOptions): Promise<Checkpoint> {
  const { config, stages, validate, storage, onEvent } = options;
  if (!validate) return { step, state, best };
  const { metrics, keep } = await validate(validatedWeights(state), step);
  const isBest = !best || metrics.miou > best.miou;
  if (isBest) await keep();
  await record(options, { kind: "validation", step, ...metrics });
  const newBest = isBest ? { miou: metrics.miou, step } : best;
  const ended = isPatienceOver(config, countEpochs(stages, step), countEpochs(stages, newBest.step));
  const checkpoint = { step, state, best: newBest, ...(ended && { ended }) };
  await storage.save(checkpoint);
  if (ended && step < countSteps(stages))
    onEvent?.({
      kind: "note",
      text: `${plural(config.patience, "epoch")} brought no better validation: training ends`,
    });
  return checkpoint;
}

async function record({ storage, stages, onEvent }: RunTrainingOptions, entry: LogRecord): Promise<void> {
  await storage.record(entry);
  onEvent?.({ ...entry, totalSteps: countSteps(stages) });
}

/**
 * The graph of a stage's steps.
 *
 * @throws LightsegError INVALID_ARGUMENT for settings that do not fit the network or each other
 */
export function buildStageGraph(
  { config: own, counts = [] }: Stage,
  { config, classes, open, threads }: Pick<RunTrainingOptions, "config" | "classes" | "open" | "threads">,
): TrainingGraph {
  const { network, averaging } = config;
  return buildTrainingGraph(own, {
    network,
    classes,
    averaging,
    classWeights: classWeights(own.classWeights, counts),
    replicas: chooseReplicas(own, { ...config, threads, provider: open.provider }),
  });
}

async function openStage(
  stage: Stage,
  { step, state }: Checkpoint,
  options: RunTrainingOptions,
): Promise<TrainingSession> {
  const { open, threads, onGraph } = options;
  const { before, seed } = stage;
  const graph = buildStageGraph(stage, options);
  onGraph?.(graph, stage.config);
  // Each stage begins with a fresh optimizer.
  const initial = step === before.steps ? withoutMemory(state) : state;
  return openTrainingSession(graph, initial, { open, threads, seed });
}

function describeStage(
  { index, config, steps, stepsPerEpoch, before }: Stage,
  { step, totalSteps, stages }: { step: number; totalSteps: number; stages: number },
): string {
  const text = `step ${step} of ${totalSteps}, ${stepsPerEpoch} an epoch`;
  if (stages === 1) return text;
  const range = `steps ${before.steps} to ${before.steps + steps}`;
  return `stage ${index + 1} of ${stages}: ${config.dataset} ${config.split}, ${range}; ${text}`;
}

function countSteps(stages: readonly Stage[]): number {
  return stages.reduce((sum, { steps }) => sum + steps, 0);
}

/** Epochs done after a step, over all stages. */
function countEpochs(stages: readonly Stage[], step: number): number {
  return stages.reduce((sum, { before, steps, stepsPerEpoch }) => {
    const done = Math.min(Math.max(step - before.steps, 0), steps);
    return sum + done / stepsPerEpoch;
  }, 0);
}

function learningRates({ config, steps, stepsPerEpoch }: Stage, step: number) {
  const factor = learningRateFactor(config.schedule, { step, totalSteps: steps, stepsPerEpoch });
  return { encoder: config.encoderLearningRate * factor, decoder: config.decoderLearningRate * factor };
}

function withoutMemory(state: Weights): Weights {
  return new Map([...state].filter(([name]) => !isMemory(name)));
}

/** What validations measure of a checkpoint, by the parameters' names. */
function validatedWeights(state: Weights): Weights {
  return takeChosen(state, validatedNames(state.keys()));
}

/** A checkpoint must never be replaced by weights that are of no use. */
function requireNumbers({ state, step }: Checkpoint): void {
  for (const { data } of state.values())
    for (const value of data)
      if (!Number.isFinite(value))
        throw new LightsegError({
          code: "RUNTIME",
          where: "train",
          argument: `weights after step ${step}`,
          rule: "must be numbers",
          value,
          hint: DIVERGES,
        });
}

const DIVERGES =
  "the training diverges: lower the learning rates, or limit the gradients (clipNorm, --clip-norm); checkpoints written before are kept";
