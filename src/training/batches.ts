import { createRandom, deriveSeed, type Random } from "../random.ts";
import type { TensorData } from "../runtime/session.ts";
import { type AugmentationOptions, augmentInto, type Crop } from "./augmentation.ts";
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
  /** What is pasted over photos, see copy-paste.ts. Defaults to nothing. */
  drawPaste?: DrawPaste;
}

/** Draws an object for a photo, and gives what pastes it into the photo's crop; undefined for no object. */
export type DrawPaste = (samples: Samples, random: Random) => Promise<Paste | undefined>;

/** Pastes an object into the crop that a photo was written into. */
export type Paste = (options: AugmentationOptions, crop: Crop) => void;

/**
 * Makes the batch of a step: reads its photos side by side and varies each one.
 *
 * A function of samples, seed and step alone, so a resumed run sees the same batches.
 */
export async function makeBatch(samples: Samples, options: BatchOptions, step: number): Promise<Batch> {
  const { batch, seed, augmentation, drawPaste } = options;
  const { epoch, indices } = batchIndices({ size: samples.size, batch, seed, step });
  const [height, width] = augmentation.crop;
  const area = height * width;
  const images = new Float32Array(batch * 3 * area);
  const targets = new Int32Array(batch * area);
  const fillSlot = async (index: number, slot: number) => {
    // The object's draws are apart from the photo's, which are the same with and without it.
    const forObject = createRandom(deriveSeed("paste", seed, epoch, index));
    const [sample, paste] = await Promise.all([samples.load(index), drawPaste?.(samples, forObject)]);
    const random = createRandom(deriveSeed("augment", seed, epoch, index));
    const crop = {
      image: images.subarray(slot * 3 * area, (slot + 1) * 3 * area),
      target: targets.subarray(slot * area, (slot + 1) * area),
    };
    augmentInto(sample, augmentation, random, crop);
    paste?.(augmentation, crop);
  };
  await Promise.all(indices.map(fillSlot));
  return {
    image: { data: images, shape: [batch, 3, height, width] },
    target: { data: targets, shape: [batch, height, width] },
  };
}
