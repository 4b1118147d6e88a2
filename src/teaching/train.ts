import { LightsegError } from "../errors.ts";
import { sameShape } from "../graph/shape.ts";
import { initialWeights } from "../models/initialize.ts";
import { buildNetwork, type Network } from "../models/network.ts";
import type { Preprocessing } from "../models/preprocessing.ts";
import type { Weights } from "../models/weights.ts";
import type { Engine } from "../runtime/session.ts";
import { makeBatch, type StepInputs } from "../training/batches.ts";
import { checkLoss } from "../training/check-loss.ts";
import { learningRateFactor } from "../training/schedule.ts";
import { buildTrainingStep } from "../training/step.ts";
import { openTrainingSession } from "../training/training-session.ts";
import { computeFeatures } from "./features.ts";
import type { FittedPhotos } from "./fit-photos.ts";
import type { Layers, TeachingOptions } from "./options.ts";
import { makePreviewBatch, openPreviews, type PreviewInputs, type Previews } from "./previews.ts";
import { splitAtEncoder } from "./split.ts";

/**
 * Photos are seen as they are and mirrored, by a frozen encoder once each; other sizes and colors made the
 * head worse (docs/teach.md).
 */
const VIEWS = [
  { scale: [1, 1], mirror: false },
  { scale: [1, 1], mirror: "always" },
] as const;
/** Where the encoder is trained, it looks at another photo in each step. */
const VARIATION = { scale: [1, 1], mirror: true } as const;
/**
 * AdamW. The head begins at random, and few labelled pixels are soon learned by heart: it has a strong decay
 * (docs/teach.md has the measurements). Trained weights have the decay of recipe finetune.
 */
const SETTINGS: Readonly<Record<Layers, { steps: number; weightDecay: number; rates: Rates }>> = {
  head: { steps: 72, weightDecay: 8, rates: { encoder: 0, decoder: 3e-3 } },
  decoder: { steps: 200, weightDecay: 1e-2, rates: { encoder: 0, decoder: 1e-3 } },
  all: { steps: 200, weightDecay: 1e-2, rates: { encoder: 1.5e-4, decoder: 1e-3 } },
};
const SCHEDULE = { kind: "poly", power: 0.9 } as const;

interface Rates {
  readonly encoder: number;
  readonly decoder: number;
}

export interface TrainOptions
  extends Pick<TeachingOptions, "steps" | "modelEvery" | "previews" | "onPreview" | "onProgress" | "signal"> {
  readonly layers: Layers;
  /** Name in the zoo. */
  readonly network: string;
  readonly classWeights: readonly number[];
  readonly preprocessing: Preprocessing;
  readonly photos: FittedPhotos;
  readonly seed: number;
  readonly engine: Engine;
  readonly onWeights: ((weights: Weights) => Promise<void> | void) | undefined;
}

/**
 * Trains a network on one variation of one photo in a step.
 *
 * @param base weights by name; what they lack of the decoder begins at random
 */
export async function trainOnFew(base: Weights, options: TrainOptions): Promise<Weights> {
  const { classWeights, photos, seed, engine, onProgress, onPreview, onWeights, signal } = options;
  const { weightDecay, rates, steps: defaultSteps } = SETTINGS[options.layers];
  const { steps = defaultSteps, modelEvery = 12 } = options;
  const size = [1, ...photos.crop] as const;
  const network = buildNetwork({ network: options.network, classes: classWeights.length, size });
  const weights = beginWith(base, network, seed);
  const { trained, take, previews: shown } = await prepare(network, weights, options);
  const adamw = { optimizer: "adamw", momentum: 0.9, weightDecay } as const;
  const step = buildTrainingStep(trained, {
    groups: [
      { ...adamw, name: "encoder", has: (name: string) => trained.encoder.has(name) },
      { ...adamw, name: "decoder", has: (name: string) => !trained.encoder.has(name) },
    ].filter(({ has }) => [...trained.parameters.keys()].some(has)),
    lossWeights: classWeights,
    packed: true,
  });
  const { open, threads } = engine;
  const session = await openTrainingSession({ network: trained, step }, weights, { open, threads, seed });
  let previews: Previews | undefined;
  const current = async () => {
    const state = await session.state();
    return new Map([...weights].map(([name, value]) => [name, state.get(name) ?? value]));
  };
  try {
    if (shown.length > 0) previews = await openPreviews(trained, shown, engine);
    for (let done = 0; done < steps; done++) {
      signal?.throwIfAborted();
      const factor = learningRateFactor(SCHEDULE, { step: done, totalSteps: steps, stepsPerEpoch: 1 });
      const scaled = { encoder: rates.encoder * factor, decoder: rates.decoder * factor };
      const loss = await session.run(await take(done), { step: done, rates: scaled });
      checkLoss(loss, { where: "fineTune", step: done + 1 });
      onProgress?.({ step: done + 1, steps, loss });
      const isLast = done + 1 === steps;
      const isShown = isLast || (done + 1) % modelEvery === 0;
      if (!isShown || !(previews || onWeights)) continue;
      const newest = await current();
      if (previews) await onPreview?.(await previews.label(newest));
      if (!isLast) await onWeights?.(newest);
    }
    return await current();
  } finally {
    await Promise.all([session.dispose(), previews?.dispose()]);
  }
}

/** The part of a network that is trained, and its inputs for each step. */
interface Prepared {
  readonly trained: Network;
  take(step: number): Promise<StepInputs>;
  readonly previews: readonly PreviewInputs[];
}

async function prepare(
  network: Network,
  weights: Weights,
  { layers, photos, previews = [], onPreview, preprocessing, seed, engine, signal }: TrainOptions,
): Promise<Prepared> {
  const common = { crop: photos.crop, preprocessing };
  const take = (step: number, view: (typeof VIEWS)[number] | typeof VARIATION) =>
    makeBatch(photos, { batch: 1, seed, augmentation: { ...view, ...common } }, step);
  const shown = (onPreview ? previews : []).map((photo) => makePreviewBatch(photo, common));
  if (layers === "all") {
    return {
      trained: network,
      take: (step) => take(step, VARIATION),
      previews: shown.map(({ batch, ...size }) => ({ ...size, inputs: batch })),
    };
  }
  const { features, head } = splitAtEncoder(network);
  const inputs = VIEWS.flatMap((view) =>
    Array.from({ length: photos.size }, (_, step) => () => take(step, view)),
  );
  const count = inputs.length;
  const views = await computeFeatures(features, weights, {
    take: async (index) => shown[index - count]?.batch ?? inputs[index]?.() ?? missingView(index),
    count: count + shown.length,
    engine,
    signal,
  });
  const viewAt = (index: number) => views[index] ?? missingView(index);
  return {
    trained: head,
    take: async (step) => viewAt(step % count),
    previews: shown.map(({ width, height }, index) => ({ width, height, inputs: viewAt(count + index) })),
  };
}

function missingView(index: number): never {
  throw new Error(`no feature maps of view ${index}`);
}

/** The encoder's weights of the base, and those of the decoder that have the same name and shape there. */
function beginWith(base: Weights, { parameters, encoder }: Network, seed: number): Weights {
  const random = initialWeights(parameters, { seed });
  return new Map(
    [...random].map(([name, initial]) => {
      const stored = base.get(name);
      if (stored && sameShape(stored.shape, initial.shape)) return [name, stored];
      if (encoder.has(name)) throw absent(name);
      return [name, initial];
    }),
  );
}

function absent(name: string): LightsegError {
  return new LightsegError({
    code: "INVALID_WEIGHTS",
    where: "fineTune",
    argument: name,
    rule: "must be among the weights of the base, in the encoder's shape",
  });
}
