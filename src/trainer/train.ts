import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { checkKeys, checkPath } from "../check.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { findDataset } from "../datasets/index.ts";
import { describeModel } from "../model-files/description.ts";
import { describeNetwork, type TrainedSplit } from "../model-files/model.ts";
import { requireWeights } from "../model-files/parameters.ts";
import { buildNetwork, parameterShapes } from "../models/network.ts";
import { freeMemory } from "../node/memory.ts";
import { writeReport } from "../report/write-report.ts";
import { type RunData, readCheckpoint, writeCheckpoint } from "../runs/checkpoint.ts";
import { writeEvaluation } from "../runs/evaluation-file.ts";
import { RunFolder } from "../runs/run-folder.ts";
import type { DeviceChoice } from "../runtime/node/devices.ts";
import { type FoundDevice, findDevice } from "../runtime/node/find-device.ts";
import type { OpenSession } from "../runtime/session.ts";
import {
  parseTrainingConfig,
  type StageConfig,
  type TrainingConfig,
  type TrainingOptions,
} from "../training/config.ts";
import { findDonors } from "../training/copy-paste.ts";
import type { TrainingEvent } from "../training/events.ts";
import {
  buildStageGraph,
  type Checkpoint,
  type RunTrainingOptions,
  runTraining,
  type TrainingResult,
  type TrainingStorage,
} from "../training/loop.ts";
import { RANDOM_WEIGHTS } from "../training/settings.ts";
import type { Stage } from "../training/stage.ts";
import type { TrainingGraph } from "../training/training-session.ts";
import { writeSafetensors } from "../weights/node/write.ts";
import { checkData } from "./check-data.ts";
import { type EngineErrorContext, explainEngineError } from "./explain-engine-error.ts";
import { estimateStepMemory, gigabytes, requireMemory, type StepMemory } from "./memory.ts";
import { addEarlier, identifySplit, requireSameData } from "./run-data.ts";
import { openStages, requireEqualClasses } from "./stages.ts";
import { defaultWeights, startingWeights } from "./starting-weights.ts";
import { validate } from "./validation.ts";

/** How and where a training runs. */
export interface TrainOptions {
  /** Folder of the run; made if it is not there. */
  run: string;
  /** Settings of a new run. For a resumed run they may be left out, and must agree where given. */
  config?: TrainingOptions | Partial<TrainingOptions>;
  /** Go on from the run's last checkpoint, or from its beginning where it has none. Defaults to false. */
  resume?: boolean;
  /**
   * Where networks run. Defaults to `auto`: a graphics card that works, else the CPU. A run that goes on on
   * another device than it began on ends with other weights, as rounding differs.
   */
  device?: DeviceChoice | undefined;
  /** Opens the engine, in place of `device`. */
  open?: OpenSession;
  onEvent?: (event: TrainingEvent) => void;
  /**
   * Stops after the step under way, with a checkpoint written. A run that is stopped while its data is read
   * or checked throws the signal's reason.
   */
  signal?: AbortSignal;
}

/**
 * Trains a network on data sets from disk and keeps everything about it in the run's folder: `config.json`,
 * `origin.json`, `log.jsonl`, `last.safetensors` and `best.safetensors` (by validation mIoU),
 * `evaluation.json` (of the best) and `report.html`, which shows it all.
 *
 * A run that was stopped, even by `kill -9`, and resumed ends with the same weights, bit for bit, as one that
 * never stopped (on one machine, with equal threads).
 *
 * @throws LightsegError for settings, data, weights or folders that do not fit, RUNTIME if the loss is no
 *   longer a number or memory is short, DEVICE_LOST if a graphics card is gone
 */
export async function train(options: TrainOptions): Promise<TrainingResult> {
  checkKeys(options, ["run", "config", "resume", "device", "open", "onEvent", "signal"], "train");
  const { run, config: asked = {}, resume = false, device = "auto", open: ownEngine } = options;
  const { onEvent = () => undefined, signal } = options;
  checkPath(run, "train", "run", "must be the path of a folder");
  await using folder = new RunFolder(run);
  // Before minutes of reading.
  if (!resume) await folder.refuseRun();
  const engine = ownEngine ? { open: ownEngine } : await findDevice(device);
  const { open } = engine;
  const config = resume ? await folder.resume(asked) : await newConfig(asked, onEvent);
  if ("device" in engine) await noteDevice(engine, { folder, resume, onEvent });
  const validation = await findDataset(config.dataset).open(config.data, config.validationSplit);
  const onCheck = (event: TrainingEvent) => {
    signal?.throwIfAborted();
    onEvent(event);
  };
  const stages = await openStages(config, validation, onCheck);
  requireEqualClasses(stages, validation);
  const own = describeData(config, stages, validation);
  const { start, trainedOn } =
    (resume && (await readLast(folder, own))) || (await beginWeights(config, own, onEvent));
  const data = addEarlier(own, trainedOn);
  const { threads = availableParallelism() } = config;
  const training = { config, classes: validation.labels.classes.length, open, threads };
  // Last of all checks: once the folder holds a run, that run can only be resumed.
  if (!resume) {
    for (const stage of stages) {
      requireFit(buildStageGraph(stage, training), stage.config, open);
      if (stage.config.copyPaste > 0) findDonors(stage.counts ?? []);
    }
    const warnings = await checkData(stages, validation, onCheck);
    signal?.throwIfAborted();
    await folder.begin(config, { warnings, ...("device" in engine && { device: engine.device }) });
  }
  await folder.rewindLog(start);
  let step: EngineErrorContext["step"];
  // Awaited here: the folder stays locked until the training has ended.
  return await runTraining({
    ...training,
    stages,
    preprocessing: data.description.preprocessing,
    start,
    storage: folderStorage(folder, data),
    validate: validator(folder, { config, validation, data, open, onEvent }),
    onGraph(graph, stage) {
      const memory = requireFit(graph, stage, open);
      step = { memory, stage };
      if (open.provider === "webgpu") return;
      const text = `a step takes about ${gigabytes(memory.varying + memory.fixed)} of memory`;
      onEvent({ kind: "note", text });
    },
    explain: (error, saved) => explainEngineError(error, { step, file: folder.last, saved }),
    onEvent,
    signal,
  });
}

/** The memory of a step. @throws LightsegError INVALID_ARGUMENT where the computer has less left */
function requireFit(graph: TrainingGraph, stage: StageConfig, { provider }: OpenSession): StepMemory {
  const memory = estimateStepMemory(graph);
  // WebGPU does not say how much memory a card has.
  if (provider !== "webgpu") requireMemory(memory, stage, freeMemory());
  return memory;
}

interface NoteDeviceOptions {
  folder: RunFolder;
  resume: boolean;
  onEvent: (event: TrainingEvent) => void;
}

/** Says where the run is computed, and that it goes on elsewhere than it began. */
async function noteDevice(
  { device, note }: FoundDevice,
  { folder, resume, onEvent }: NoteDeviceOptions,
): Promise<void> {
  if (note !== undefined) onEvent({ kind: "note", text: note });
  // Runs of early versions do not record the device; it was the CPU.
  const began = resume ? ((await folder.beganOn()) ?? "cpu") : device;
  if (began === device) return;
  const text = `the run began on ${began} and goes on on ${device}: not bit for bit as it would have there`;
  onEvent({ kind: "note", text });
}

/** The settings of a new run. What its weights are is written down where nothing was asked for. */
async function newConfig(
  options: NonNullable<TrainOptions["config"]>,
  onEvent: (event: TrainingEvent) => void,
): Promise<TrainingConfig> {
  const config = parseTrainingConfig(options);
  if (config.weights !== undefined) return config;
  const weights = await defaultWeights(config.network);
  if (weights !== RANDOM_WEIGHTS)
    onEvent({ kind: "note", text: `no weights were named: ${weights} is taken (--weights none: at random)` });
  return parseTrainingConfig({ ...config, weights });
}

function describeData(
  { network }: TrainingConfig,
  stages: readonly Stage<Dataset>[],
  validation: Dataset,
): RunData {
  const trained = new Map(stages.map(({ samples }) => [identifySplit(samples).name, samples]));
  const trainedOn = [...trained.values()].map(({ name, split }) => ({ dataset: name, split }));
  const description = { ...describeNetwork(network, validation.labels), trainedOn };
  return { description, splits: [...stages.map(({ samples }) => samples), validation].map(identifySplit) };
}

/** Where a run goes on or begins, and what its weights were trained on until then. */
interface Beginning {
  readonly start: Checkpoint;
  readonly trainedOn: readonly TrainedSplit[];
}

/** The last checkpoint; undefined before the first. @throws LightsegError if the data is another */
async function readLast(folder: RunFolder, data: RunData): Promise<Beginning | undefined> {
  if (!existsSync(folder.last)) return undefined;
  const { data: stored, ...start } = await readCheckpoint(folder.last);
  requireSameData(stored, data);
  return { start, trainedOn: stored.description?.trainedOn ?? [] };
}

/** What a new run begins with. */
async function beginWeights(
  config: TrainingConfig,
  { description: { classes } }: RunData,
  onEvent: (event: TrainingEvent) => void,
): Promise<Beginning> {
  const network = buildNetwork({ network: config.network, classes: classes.length, auxiliary: true });
  const { weights, note, trainedOn } = await startingWeights(network, {
    // Runs of early versions have no weights in their settings where all began at random.
    weights: config.weights ?? RANDOM_WEIGHTS,
    allowRandomEncoder: config.allowRandomEncoder,
    seed: config.seed,
    scheme: config.initialization,
  });
  onEvent({ kind: "note", text: note });
  return { start: { step: 0, state: weights }, trainedOn };
}

function folderStorage(folder: RunFolder, data: RunData): TrainingStorage {
  return {
    async record(entry) {
      await folder.append(entry);
      if (entry.kind === "validation") await writeReport(folder.path);
    },
    save: (checkpoint) => writeCheckpoint(folder.last, checkpoint, data),
  };
}

interface ValidatorOptions {
  config: TrainingConfig;
  validation: Dataset;
  data: RunData;
  open: OpenSession;
  onEvent: (event: TrainingEvent) => void;
}

/** Validates on a split from disk; the best weights and what they found are kept in the run's folder. */
function validator(
  folder: RunFolder,
  { config: { network, threads }, validation, data: { description }, open, onEvent }: ValidatorOptions,
): RunTrainingOptions["validate"] {
  const about = { network, classes: description.classes.length };
  const shapes = parameterShapes(buildNetwork(about));
  return async (state, step) => {
    const weights = requireWeights(shapes, state, { ...about, where: "train" });
    const { metrics, lowConfidence, describe } = await validate({ ...description, weights }, validation, {
      open,
      threads,
      onProgress: (done, total) => onEvent({ kind: "progress", task: "validating", done, total }),
    });
    return {
      metrics,
      async keep() {
        const metadata = describeModel({
          ...description,
          ...(lowConfidence !== undefined && { lowConfidence }),
        });
        await writeSafetensors(folder.best, weights, { metadata });
        await writeEvaluation(folder.path, await describe(step));
      },
    };
  };
}
