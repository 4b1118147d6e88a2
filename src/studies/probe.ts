/**
 * What the maps of a trained network hold: heads for segmentation and multi-label classification on them, all
 * else frozen (Light-Weight RefineNet, Sec. 5.2 and Table 4).
 */
import { checkInteger } from "../check.ts";
import { ConfusionMatrix } from "../evaluation/confusion-matrix.ts";
import { computeMetrics } from "../evaluation/metrics.ts";
import { fixedShape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { openGraph } from "../inference/open-graph.ts";
import type { Model } from "../model-files/model.ts";
import { initialWeights } from "../models/initialize.ts";
import { buildNetwork } from "../models/network.ts";
import { openScope } from "../models/scope.ts";
import type { Weights } from "../models/weights.ts";
import type { Engine, TensorData } from "../runtime/session.ts";
import { computeFeatures } from "../teaching/features.ts";
import { type Batch, makeBatch, type StepInputs } from "../training/batches.ts";
import { checkLoss } from "../training/check-loss.ts";
import { batchIndices } from "../training/sampler.ts";
import type { Samples } from "../training/samples.ts";
import { learningRateFactor } from "../training/schedule.ts";
import { buildTrainingStep } from "../training/step.ts";
import { openTrainingSession } from "../training/training-session.ts";
import { buildHeadNetwork, buildHeads, mapInput, outputsOf, PRESENT, scopeOf } from "./heads.ts";
import type { StudyProgress } from "./photos.ts";
import { findPresent, MultiLabelAccuracy, objectLabels } from "./presence.ts";
import { fitWithin, stack, subsample } from "./probe-samples.ts";
import { findTap } from "./tap.ts";

/** Options of `probeNetwork`. */
export interface ProbeOptions {
  /** The maps: `NAME` of a block or layer for what it gives, `before:NAME` for what it gets. */
  at: readonly string[];
  /** What the heads learn from. */
  train: Samples;
  /** What they are measured on. */
  val: Samples;
  /** Long side that photos are shrunk to, 32 to 2048 pixels. Defaults to 320. */
  longSide?: number | undefined;
  /** Times that the heads see each training photo. Defaults to 20. */
  epochs?: number | undefined;
  /** Photos a step. Defaults to 8, or all where there are fewer. */
  batch?: number | undefined;
  /** Learning rate of AdamW, which falls to 0. Defaults to 1e-3. */
  rate?: number | undefined;
  /** Seed of the heads' first weights and of the order of the photos. Defaults to 0. */
  seed?: number | undefined;
  onProgress?: (progress: StudyProgress) => void;
  /** Stops after the run under way, with the signal's reason. */
  signal?: AbortSignal;
}

/** What the heads on one map reach on the validation photos. */
export interface Probe {
  readonly at: string;
  /** Channels, height and width of the map. */
  readonly map: readonly [channels: number, height: number, width: number];
  /** Mean IoU of the segmentation head, 0..1, at the size that photos are shrunk to. */
  readonly miou: number;
  /** Of each class, 0..1; null for a class that is nowhere. */
  readonly iou: readonly (number | null)[];
  /** Multi-label accuracy without background: the share of right decisions over all classes and photos. */
  readonly accuracy: number;
}

const WHERE = "probeNetwork";
const WEIGHT_DECAY = 1e-4;
const SCHEDULE = { kind: "poly", power: 0.9 } as const;

/**
 * Trains heads on maps of a network whose weights stay as they are, and measures them. The maps of all
 * training photos are computed once and kept in memory; the heads of all maps learn side by side, none from
 * another.
 *
 * @throws LightsegError NOT_FOUND for an unknown map, INVALID_ARGUMENT for options out of range, RUNTIME if
 *   the engine fails or the loss is no longer a number; the signal's reason
 */
export async function probeNetwork(model: Model, options: ProbeOptions, engine: Engine): Promise<Probe[]> {
  const { at, longSide = 320, train, val, epochs = 20, batch = 8, seed = 0 } = options;
  checkInteger(longSide, WHERE, "longSide", 32, 2048);
  checkInteger(epochs, WHERE, "epochs");
  checkInteger(batch, WHERE, "batch", 1, 1024);
  const size: Size = [longSide, longSide];
  const network = buildNetwork({ network: model.network, classes: model.classes.length, size: [1, ...size] });
  const taps = at.map((name) => findTap(network, name, WHERE));
  const objects = objectLabels(model.classes);
  const take = (samples: Samples) => {
    const fitted = fitWithin(samples, longSide);
    const augmentation = {
      scale: [1, 1],
      mirror: false,
      crop: size,
      preprocessing: model.preprocessing,
    } as const;
    return (index: number) => makeBatch(fitted, { batch: 1, seed, augmentation }, index);
  };
  const counts = { classes: model.classes.length, objects: objects.length };
  const features = await collectFeatures(taps, {
    take: take(train),
    count: train.size,
    objects,
    weights: model.weights,
    engine,
    options,
  });
  const trained = await trainHeads(taps, features, {
    ...counts,
    size,
    epochs,
    batch: Math.min(batch, train.size),
    engine,
    options,
  });
  return measureHeads(taps, network.image, new Map([...model.weights, ...trained]), {
    ...counts,
    size,
    take: take(val),
    count: val.size,
    objects,
    engine,
    options,
  });
}

type Size = readonly [height: number, width: number];

interface Collecting {
  take(index: number): Promise<Batch>;
  count: number;
  objects: readonly number[];
  engine: Engine;
  options: ProbeOptions;
}

/** The maps of all photos, each with its labels at a quarter of the size and the classes that it holds. */
async function collectFeatures(
  taps: readonly Tensor[],
  { take, count, objects, weights, engine, options }: Collecting & { weights: Weights },
): Promise<StepInputs[]> {
  const presents: TensorData[] = [];
  const found = await computeFeatures(new Map(taps.map((tap, index) => [mapInput(index), tap])), weights, {
    count,
    engine,
    signal: options.signal,
    async take(index) {
      const { image, target } = await take(index);
      presents[index] = { data: findPresent(target.data, objects), shape: [1, objects.length, 1] };
      options.onProgress?.({ task: "maps", done: index + 1, total: count });
      return { image, target: subsample(target) };
    },
  });
  return found.map((inputs, index) => {
    const present = presents[index];
    return present ? { ...inputs, [PRESENT]: present } : inputs;
  });
}

interface Training {
  classes: number;
  objects: number;
  size: Size;
  epochs: number;
  batch: number;
  engine: Engine;
  options: ProbeOptions;
}

async function trainHeads(
  taps: readonly Tensor[],
  features: readonly StepInputs[],
  { classes, objects, size, epochs, batch, engine: { open, threads }, options }: Training,
): Promise<Weights> {
  const { rate = 1e-3, seed = 0, onProgress, signal } = options;
  const head = buildHeadNetwork(taps, { classes, objects, size, batch });
  const step = buildTrainingStep(head, {
    groups: [
      { name: "decoder", optimizer: "adamw", momentum: 0.9, weightDecay: WEIGHT_DECAY, has: () => true },
    ],
    packed: true,
  });
  const initial = initialWeights(head.parameters, { seed });
  const session = await openTrainingSession({ network: head, step }, initial, { open, threads, seed });
  try {
    const steps = epochs * Math.floor(features.length / batch);
    for (let done = 0; done < steps; done++) {
      signal?.throwIfAborted();
      const { indices } = batchIndices({ size: features.length, batch, seed, step: done });
      const factor = learningRateFactor(SCHEDULE, { step: done, totalSteps: steps, stepsPerEpoch: 1 });
      const rates = { encoder: 0, decoder: rate * factor };
      const loss = await session.run(stack(indices.flatMap((index) => features[index] ?? [])), {
        step: done,
        rates,
      });
      checkLoss(loss, { where: WHERE, step: done + 1, hint: "a lower rate may help" });
      onProgress?.({ task: "steps", done: done + 1, total: steps });
    }
    return await session.state();
  } finally {
    await session.dispose();
  }
}

async function measureHeads(
  taps: readonly Tensor[],
  image: Tensor,
  weights: Weights,
  {
    classes,
    objects: labels,
    size,
    take,
    count,
    engine,
    options,
  }: Collecting & { classes: number; size: Size },
): Promise<Probe[]> {
  const { at, onProgress, signal } = options;
  const { scope } = openScope({ auxiliary: true });
  const heads = taps.map((tap, index) =>
    buildHeads(scopeOf(scope, index), tap, { classes, objects: labels.length }),
  );
  const outputs = outputsOf(heads, size);
  const session = await openGraph(outputs, weights, engine);
  const results = taps.map(() => ({
    confusion: new ConfusionMatrix(classes),
    multiLabel: new MultiLabelAccuracy(labels.length),
  }));
  try {
    const [height, width] = size;
    const shape = fixedShape(WHERE, image.shape);
    for (let index = 0; index < count; index++) {
      signal?.throwIfAborted();
      const { image, target } = await take(index);
      const truth = { width, height, data: Uint8Array.from(target.data) };
      const present = findPresent(target.data, labels);
      const found = await session.run({ image: { ...image, shape } }, Object.keys(outputs), ["image"]);
      for (const [place, { confusion, multiLabel }] of results.entries()) {
        const predicted = found[`labels${place}`]?.data;
        const presence = found[`presence${place}`]?.data;
        confusion.add(truth, { width, height, data: Uint8Array.from(predicted ?? []) });
        multiLabel.add(present, presence ?? []);
      }
      onProgress?.({ task: "validation photos", done: index + 1, total: count });
    }
  } finally {
    await session.dispose();
  }
  return results.map(({ confusion, multiLabel }, index) => {
    const [, channels = 0, rows = 0, columns = 0] = fixedShape(WHERE, taps[index]?.shape ?? []);
    const { miou, iou } = computeMetrics(confusion);
    return {
      at: at[index] ?? "",
      map: [channels, rows, columns],
      miou,
      iou,
      accuracy: multiLabel.accuracy,
    };
  });
}
