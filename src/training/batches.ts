import type { Dataset } from "../datasets/dataset.ts";
import { createRandom, deriveSeed } from "../random.ts";
import type { TensorData } from "../runtime/session.ts";
import { type AugmentationOptions, augmentInto } from "./augmentation.ts";
import { batchIndices } from "./sampler.ts";

/** What a step is fed. */
export interface Batch {
  /** float32 `[N, 3, h, w]`. */
  readonly image: TensorData;
  /** int32 `[N, h, w]`, a class or 255. */
  readonly target: TensorData;
}

export interface BatchOptions {
  batch: number;
  seed: number;
  augmentation: AugmentationOptions;
}

/**
 * Makes the batch of a step: reads its photos side by side and varies each one.
 *
 * A function of data set, seed and step alone, so a resumed run sees the same batches.
 */
export async function makeBatch(
  dataset: Dataset,
  { batch, seed, augmentation }: BatchOptions,
  step: number,
): Promise<Batch> {
  const { epoch, indices } = batchIndices({ size: dataset.size, batch, seed, step });
  const samples = await Promise.all(indices.map((index) => dataset.load(index)));
  const [height, width] = augmentation.crop;
  const images = new Float32Array(batch * 3 * height * width);
  const targets = new Int32Array(batch * height * width);
  for (const [slot, sample] of samples.entries()) {
    const random = createRandom(deriveSeed("augment", seed, epoch, indices[slot] ?? 0));
    augmentInto(sample, augmentation, random, images, targets, slot);
  }
  return {
    image: { data: images, dims: [batch, 3, height, width] },
    target: { data: targets, dims: [batch, height, width] },
  };
}
