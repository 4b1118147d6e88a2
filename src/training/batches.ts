import { createRandom, deriveSeed, type Random } from "../random.ts";
import type { TensorData } from "../runtime/session.ts";
import { type AugmentationOptions, augmentInto } from "./augmentation.ts";
import { cutObject, type DrawDonor, pasteInto } from "./copy-paste.ts";
import { batchIndices } from "./sampler.ts";
import type { Samples } from "./samples.ts";

/** What a step is fed, the same number of samples in each value. */
export interface StepInputs {
  readonly [name: string]: TensorData;
  /** int32 `[N, h, w]`, a class or 255. */
  readonly target: TensorData;
}

/** Photos and what is in them. */
export interface Batch extends StepInputs {
  /** float32 `[N, 3, h, w]`. */
  readonly image: TensorData;
}

export interface BatchOptions {
  batch: number;
  seed: number;
  augmentation: AugmentationOptions;
  /** Pastes an object over a photo with this probability, 0..1. Defaults to none. */
  copyPaste?: { probability: number; drawDonor: DrawDonor };
}

/**
 * Makes the batch of a step: reads its photos side by side and varies each one.
 *
 * A function of samples, seed and step alone, so a resumed run sees the same batches.
 */
export async function makeBatch(samples: Samples, options: BatchOptions, step: number): Promise<Batch> {
  const { batch, seed, augmentation } = options;
  const { epoch, indices } = batchIndices({ size: samples.size, batch, seed, step });
  const [height, width] = augmentation.crop;
  const area = height * width;
  const images = new Float32Array(batch * 3 * area);
  const targets = new Int32Array(batch * area);
  const fillSlot = async (index: number, slot: number) => {
    // The object's draws are apart from the photo's, which are the same with and without it.
    const forObject = createRandom(deriveSeed("paste", seed, epoch, index));
    const [sample, object] = await Promise.all([
      samples.load(index),
      drawObject(samples, options, forObject),
    ]);
    const random = createRandom(deriveSeed("augment", seed, epoch, index));
    const crop = {
      image: images.subarray(slot * 3 * area, (slot + 1) * 3 * area),
      target: targets.subarray(slot * area, (slot + 1) * area),
    };
    augmentInto(sample, augmentation, random, crop);
    if (object) pasteInto(object, augmentation, forObject, crop);
  };
  await Promise.all(indices.map(fillSlot));
  return {
    image: { data: images, shape: [batch, 3, height, width] },
    target: { data: targets, shape: [batch, height, width] },
  };
}

/** An object to paste, cut out of its photo; undefined where none is drawn. */
async function drawObject(samples: Samples, { copyPaste }: BatchOptions, random: Random) {
  if (!copyPaste || random() >= copyPaste.probability) return undefined;
  const { index, label } = copyPaste.drawDonor(random);
  return cutObject(await samples.load(index), label);
}
