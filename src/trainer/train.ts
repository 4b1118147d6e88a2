import { existsSync } from "node:fs";
import { availableParallelism, freemem } from "node:os";
import { findDataset } from "../datasets/index.ts";
import { LightsegError } from "../errors.ts";
import { describeModel, type ModelDescription, requireWeights } from "../model-files/description.ts";
import { buildNetwork } from "../models/network.ts";
import type { Weights } from "../models/weights.ts";
import { findNetwork } from "../models/zoo.ts";
import { writeReport } from "../report/write-report.ts";
import { type BestSoFar, readCheckpoint, writeCheckpoint } from "../runs/checkpoint.ts";
import { writeEvaluation } from "../runs/evaluation-file.ts";
import { RunFolder } from "../runs/run-folder.ts";
import type { OpenSession } from "../runtime/session.ts";
import { type Batch, type BatchOptions, makeBatch } from "../training/batches.ts";
import { logClassWeights } from "../training/class-weights.ts";
import { parseTrainingConfig, type TrainingConfig, type TrainingOptions } from "../training/config.ts";
import { findDonors } from "../training/copy-paste.ts";
import type { LogRecord, TrainingEvent } from "../training/events.ts";
import { isMemory } from "../training/optimizer.ts";
import { chooseReplicas } from "../training/replicas.ts";
import { learningRateFactor } from "../training/schedule.ts";
import { averageName } from "../training/step.ts";
import {
  buildTrainingGraph,
  openTrainingSession,
  type TrainingSession,
} from "../training/training-session.ts";
import { writeSafetensors } from "../weights/node/write.ts";
import { estimateStepMemory, gigabytes, requireMemory } from "./memory.ts";
import { openStages, requireEqualClasses, type Stage } from "./stages.ts";
import { startingWeights } from "./starting-weights.ts";
import { validate } from "./validation.ts";

/** Options of `train`. */
export interface TrainOptions {
  /** Folder of the run; made if it is not there. */
  run: string;
  /** Settings of a new run. For a resumed one they may be left out, and must agree with its own where given. */
  config: TrainingOptions | Partial<TrainingOptions>;
  /** Go on from the run's last checkpoint, or from its beginning where it has none. Defaults to false. */
  resume?: boolean;
  open: OpenSession;
  onEvent?: (event: TrainingEvent) => void;
  /** Stops after the step under way, with a checkpoint written. */
  signal?: AbortSignal;
}

/** How a training run ended. */
export interface TrainingResult {
  /** Steps done. */
  readonly step: number;
  /** False if the signal stopped it. */
  readonly finished: boolean;
  readonly best?: BestSoFar;
}

/**
 * Trains a network and keeps everything about it in the run's folder: `config.json`, `origin.json`, `log.jsonl`, `last.safetensors`
 * and `best.safetensors` (by validation mIoU), `evaluation.json` (of the best) and `report.html`, which shows it all.
 *
 * Photos of the next step are read and varied while the engine works on this one. A run that was stopped, even by `kill -9`, and
 * resumed ends with the same weights, bit for bit, as one that never stopped (on one machine, with equal threads).
 *
 * @throws LightsegError for settings, data, weights or folders that do not fit, and RUNTIME if the loss is no longer a number
 */
export async function train({
  run,
  config: options,
  resume = false,
  open,
  onEvent = () => undefined,
  signal,
}: TrainOptions): Promise<TrainingResult> {
  await using folder = new RunFolder(run);
  const config = resume ? await folder.resume(options) : parseTrainingConfig(options);
  const validationSet = await findDataset(config.dataset).open(config.data, config.validationSplit);
  const stages = await openStages(config, validationSet, onEvent);
  requireEqualClasses(stages, validationSet);
  const description: ModelDescription = {
    ...validationSet.labels,
    network: config.network,
    preprocessing: findNetwork(config.network).backbone.preprocessing,
  };
  const totalSteps = stages.reduce((sum, { steps }) => sum + steps, 0);

  const checkpoint = resume && existsSync(folder.last) ? await readCheckpoint(folder.last) : undefined;
  let step = checkpoint?.step ?? 0;
  let best = checkpoint?.best;
  let state = checkpoint?.state ?? (await beginWeights(config, description.classes.length, onEvent));
  // Not before all that may be missing has been found: a folder with a run in it can only be resumed.
  if (!resume) await folder.begin(config);
  await folder.rewindLog(step);

  const record = async (entry: LogRecord) => {
    await folder.append(entry);
    onEvent({ ...entry, totalSteps });
  };
  const save = async () => {
    await writeCheckpoint(folder.last, { step, state, ...(best && { best }) }, description);
  };
  const measure = async () => {
    const own = averagedWeights(state);
    const weights = requireWeights(config.network, description.classes.length, own, "validation");
    const onProgress = (done: number, total: number) =>
      onEvent({ kind: "progress", task: "validating", done, total });
    const { metrics, describe } = await validate({ ...description, weights }, validationSet, {
      open,
      threads: config.threads,
      onProgress,
    });
    await record({ kind: "validation", step, ...metrics });
    if (!best || metrics.miou > best.miou) {
      best = { miou: metrics.miou, step };
      await writeSafetensors(folder.best, weights, { metadata: describeModel(description) });
      await writeEvaluation(folder.path, await describe(step));
    }
    await writeReport(folder.path);
  };

  for (const stage of stages) {
    const end = stage.before.steps + stage.steps;
    if (step >= end || signal?.aborted) continue;
    // Each stage begins with a fresh optimiser.
    if (step === stage.before.steps) state = new Map([...state].filter(([name]) => !isMemory(name)));
    onEvent({ kind: "note", text: describeStage(stage, { step, totalSteps, stages: stages.length }) });
    const session = await openStage(stage, state, { config, open, onEvent });
    try {
      const batches = new BatchQueue(stage, description);
      while (step < end && !signal?.aborted) {
        const own = step - stage.before.steps;
        const batch = await batches.take(own);
        const rates = learningRates(stage, own);
        const start = performance.now();
        const loss = await session.run(batch, { step: own, rates });
        if (!Number.isFinite(loss)) throw diverged(`loss at step ${step + 1}`, "must be a number", loss);
        step++;
        const epochs = (own + 1) / stage.stepsPerEpoch;
        await record({
          kind: "step",
          step,
          epoch: stage.before.epochs + Math.ceil(epochs),
          loss,
          learningRate: [rates.encoder, rates.decoder],
          ms: performance.now() - start,
        });

        const due = step === end || (Number.isInteger(epochs) && epochs % config.validateEvery === 0);
        if (!due && step % config.saveEvery !== 0 && !signal?.aborted) continue;
        state = await session.state();
        requireNumbers(state, step);
        if (due) await measure();
        await save();
      }
    } finally {
      await session.dispose();
    }
  }
  return { step, finished: step === totalSteps, ...(best && { best }) };
}

/** The weights that a new run begins with. */
async function beginWeights(
  config: TrainingConfig,
  classes: number,
  onEvent: (event: TrainingEvent) => void,
): Promise<Weights> {
  const network = buildNetwork({ network: config.network, classes, auxiliary: true });
  const { weights, note } = await startingWeights(network, {
    file: config.weights,
    allowRandomEncoder: config.allowRandomEncoder,
    seed: config.seed,
    scheme: config.initialization,
  });
  onEvent({ kind: "note", text: note });
  return weights;
}

async function openStage(
  { config: own, dataset, counts = [], seed }: Stage,
  state: Weights,
  {
    config,
    open,
    onEvent,
  }: { config: TrainingConfig; open: OpenSession; onEvent: (event: TrainingEvent) => void },
): Promise<TrainingSession> {
  const classWeights = own.classWeights === "log" ? logClassWeights(counts) : undefined;
  const { network, averaging, threads = availableParallelism() } = config;
  const classes = dataset.labels.classes.length;
  const replicas = chooseReplicas(own, { ...config, threads });
  const graph = buildTrainingGraph(own, { network, classes, classWeights, averaging, replicas });
  const memory = estimateStepMemory(graph);
  requireMemory(memory, own, freemem());
  onEvent({
    kind: "note",
    text: `a step takes about ${gigabytes(memory.varying + memory.fixed)} of memory`,
  });
  return openTrainingSession(graph, state, { open, threads, seed });
}

function describeStage(
  { index, config, steps, stepsPerEpoch, before }: Stage,
  { step, totalSteps, stages }: { step: number; totalSteps: number; stages: number },
): string {
  const text = `step ${step} of ${totalSteps}, ${stepsPerEpoch} an epoch`;
  if (stages === 1) return text;
  return `stage ${index + 1} of ${stages}: ${config.dataset} ${config.split}, steps ${before.steps} to ${before.steps + steps}; ${text}`;
}

function learningRates({ config, steps, stepsPerEpoch }: Stage, step: number) {
  const factor = learningRateFactor(config.schedule, { step, totalSteps: steps, stepsPerEpoch });
  return { encoder: config.encoderLearningRate * factor, decoder: config.decoderLearningRate * factor };
}

/** Makes the batch of the next step while the engine works on this one. */
class BatchQueue {
  readonly #stage: Stage;
  readonly #options: BatchOptions;
  #next: { step: number; batch: Promise<Batch> } | undefined;

  constructor(stage: Stage, { preprocessing }: ModelDescription) {
    const { crop, scale, shorterSide, mirror, colorJitter, batch, copyPaste } = stage.config;
    this.#stage = stage;
    this.#options = {
      batch,
      seed: stage.seed,
      augmentation: { crop, scale, shorterSide, mirror, colorJitter, preprocessing },
      ...(copyPaste > 0 && {
        copyPaste: { probability: copyPaste, drawDonor: findDonors(stage.counts ?? []) },
      }),
    };
  }

  /** The batch of a step of the stage, counted from 0. */
  async take(step: number): Promise<Batch> {
    const batch = await (this.#next?.step === step ? this.#next.batch : this.#make(step));
    this.#next = step + 1 < this.#stage.steps ? { step: step + 1, batch: this.#make(step + 1) } : undefined;
    return batch;
  }

  #make(step: number): Promise<Batch> {
    const batch = makeBatch(this.#stage.dataset, this.#options, step);
    // Its error, if any, is thrown when its turn comes; until then it must not count as unhandled.
    batch.catch(() => undefined);
    return batch;
  }
}

/** The moving averages where there are any, else the parameters themselves; neither averages nor memory by their own names. */
function averagedWeights(state: Weights): Weights {
  return new Map([...state].map(([name, value]) => [name, state.get(averageName(name)) ?? value]));
}

/** What is kept, as the best or to go on from, must never be replaced by weights that are of no use. */
function requireNumbers(state: Weights, step: number): void {
  for (const { data } of state.values())
    for (const value of data)
      if (!Number.isFinite(value)) throw diverged(`weights after step ${step}`, "must be numbers", value);
}

function diverged(argument: string, rule: string, value: number): LightsegError {
  return new LightsegError({
    code: "RUNTIME",
    where: "train",
    argument,
    rule,
    value,
    hint: "the training diverges: lower the learning rates, or limit the gradients (clipNorm, --clip-norm); checkpoints written before are kept",
  });
}
