import { existsSync } from "node:fs";
import type { Dataset } from "../datasets/dataset.ts";
import { findDataset } from "../datasets/index.ts";
import { LightsegError } from "../errors.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import { byClassName } from "../evaluation/metrics.ts";
import { createPredictor, predictLabels } from "../inference/predictor.ts";
import { describeModel, type Model, type ModelDescription, requireWeights } from "../models/model.ts";
import { findNetwork } from "../models/zoo.ts";
import type { OpenSession } from "../runtime/session.ts";
import { writeSafetensors } from "../weights/write.ts";
import { makeBatch } from "./batches.ts";
import { type BestSoFar, readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import { logClassWeights } from "./class-weights.ts";
import { parseTrainingConfig, type TrainingOptions } from "./config.ts";
import { initialWeights } from "./initial-weights.ts";
import { type LogRecord, RunFolder } from "./run-folder.ts";
import { stepsPerEpoch } from "./sampler.ts";
import { learningRateFactor } from "./schedule.ts";
import { buildTrainingGraph, openTrainingSession } from "./training-session.ts";

/** What happens during training, for progress bars and logs. */
export type TrainingEvent =
  | (LogRecord & { readonly totalSteps: number })
  | { readonly kind: "note"; readonly text: string }
  | {
      readonly kind: "progress";
      readonly task: "counting labels" | "validating";
      readonly done: number;
      readonly total: number;
    };

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

export interface TrainingResult {
  /** Steps done. */
  readonly step: number;
  /** False if the signal stopped it. */
  readonly finished: boolean;
  readonly best?: BestSoFar;
}

/**
 * Trains a network and keeps everything about it in the run's folder: `config.json`, `origin.json`, `log.jsonl`, `last.safetensors`
 * and `best.safetensors` (by validation mIoU).
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
  const folder = new RunFolder(run);
  const config = resume ? await folder.resume(options) : parseTrainingConfig(options);
  const { open: openSplit } = findDataset(config.dataset);
  const trainSet = await openSplit(config.data, "train");
  const validationSet = await openSplit(config.data, "val");
  const { labels } = trainSet;
  const description: ModelDescription = {
    ...labels,
    network: config.network,
    preprocessing: findNetwork(config.network).backbone.preprocessing,
  };
  const perEpoch = stepsPerEpoch(trainSet.size, config.batch);
  const totalSteps = perEpoch * config.epochs;

  const onCounted = (done: number, total: number) =>
    onEvent({ kind: "progress", task: "counting labels", done, total });
  const classWeights = config.classWeights === "log" ? await logClassWeights(trainSet, onCounted) : undefined;
  const graph = buildTrainingGraph(config, {
    classes: labels.classes.length,
    classWeights,
  });

  const checkpoint = resume && existsSync(folder.last) ? await readCheckpoint(folder.last) : undefined;
  let step = checkpoint?.step ?? 0;
  let best = checkpoint?.best;
  let initial = checkpoint?.state;
  if (!initial) {
    const { weights, note } = await initialWeights(graph.network, {
      file: config.weights,
      allowRandomEncoder: config.allowRandomEncoder,
      seed: config.seed,
      scheme: config.initialization,
    });
    onEvent({ kind: "note", text: note });
    initial = weights;
  }
  // Not before all that may be missing has been found: a folder with a run in it can only be resumed.
  if (!resume) await folder.begin(config);
  await folder.rewindLog(step);
  onEvent({ kind: "note", text: `step ${step} of ${totalSteps}, ${perEpoch} an epoch` });

  const session = await openTrainingSession(graph, initial, {
    open,
    threads: config.threads,
    seed: config.seed,
  });
  const record = async (entry: LogRecord) => {
    await folder.append(entry);
    onEvent({ ...entry, totalSteps });
  };

  const validate = async () => {
    const weights = requireWeights(
      config.network,
      labels.classes.length,
      await session.state(),
      "validation",
    );
    const onProgress = (done: number, total: number) =>
      onEvent({ kind: "progress", task: "validating", done, total });
    const model = { ...description, weights };
    const metrics = await measure(model, validationSet, { open, threads: config.threads, onProgress });
    await record({ kind: "validation", step, ...metrics });
    if (best && metrics.miou <= best.miou) return;
    best = { miou: metrics.miou, step };
    await writeSafetensors(folder.best, weights, { metadata: describeModel(description) });
  };

  const save = async () => {
    await writeCheckpoint(
      folder.last,
      { step, state: await session.state(), ...(best && { best }) },
      description,
    );
  };

  const { crop, scale, mirror, colorJitter, batch: size, seed } = config;
  const augmentation = { crop, scale, mirror, colorJitter, preprocessing: description.preprocessing };
  const batchOf = (index: number) => {
    const batch = makeBatch(trainSet, { batch: size, seed, augmentation }, index);
    // Its error, if any, is thrown when its turn comes; until then it must not count as unhandled.
    batch.catch(() => undefined);
    return batch;
  };

  try {
    let upcoming = batchOf(step);
    while (step < totalSteps && !signal?.aborted) {
      const batch = await upcoming;
      if (step + 1 < totalSteps) upcoming = batchOf(step + 1);

      const factor = learningRateFactor(config.schedule, { step, totalSteps, stepsPerEpoch: perEpoch });
      const rates = {
        encoder: config.encoderLearningRate * factor,
        decoder: config.decoderLearningRate * factor,
      };
      const start = performance.now();
      const loss = await session.run(batch, { step, rates });
      if (!Number.isFinite(loss)) throw diverged(step, loss);
      step++;
      const epoch = Math.ceil(step / perEpoch);
      await record({
        kind: "step",
        step,
        epoch,
        loss,
        learningRate: [rates.encoder, rates.decoder],
        ms: performance.now() - start,
      });

      const epochEnds = step % perEpoch === 0;
      const due = step === totalSteps || (epochEnds && epoch % config.validateEvery === 0);
      if (due) await validate();
      if (due || step % config.saveEvery === 0) await save();
    }
    if (signal?.aborted) await save();
  } finally {
    await session.dispose();
  }
  return { step, finished: step === totalSteps, ...(best && { best }) };
}

/** What is logged of a validation. */
async function measure(
  model: Model,
  dataset: Dataset,
  {
    open,
    threads,
    onProgress,
  }: { open: OpenSession; threads: number | undefined; onProgress: (done: number, total: number) => void },
) {
  const outputs = ["labels"] as const;
  const predictor = await createPredictor(model, {
    outputs,
    open,
    threads,
  });
  try {
    const predict = predictLabels(predictor);
    const { miou, pixelAccuracy, iou } = await evaluate(dataset, { predict, onProgress });
    return { miou, pixelAccuracy, iou: byClassName(model.classes, iou) };
  } finally {
    await predictor.dispose();
  }
}

function diverged(step: number, loss: number): LightsegError {
  return new LightsegError({
    code: "RUNTIME",
    where: "train",
    argument: `loss at step ${step + 1}`,
    rule: "must be a number",
    value: loss,
    hint: "the training diverges: lower the learning rates",
  });
}
