import type { Recipe } from "./recipe.ts";

/** Pixels of a crop at most: what a step of four takes about a second for on two processor cores. */
const CROP_PIXELS = 256 * 256;
/** The deepest stride of most networks. */
const SIDE_STEP = 32;
/** A training has at least so many steps and epochs. */
const STEPS = 600;
const EPOCHS = 20;
const BATCH = 4;
/** Validations from beginning to end, and how many of them in a row may bring nothing better. */
const VALIDATIONS = 15;
const PATIENT_VALIDATIONS = 4;

/**
 * Ours, for one's own photos, 20 to 500 of them, from the weights of a trained model, on two processor cores:
 * how it was chosen is in docs/train-your-own-data.md.
 */
export const finetune: Recipe = {
  name: "finetune",
  summary: "ours, for 20 to 500 photos of one's own, from a trained model",
  datasets: ["custom"],
  build({ network, folder, photos }) {
    const { count, height, width } = photos();
    const batch = Math.min(BATCH, count);
    const epochs = Math.max(EPOCHS, Math.ceil(STEPS / Math.floor(count / batch)));
    const validateEvery = Math.ceil(epochs / VALIDATIONS);
    return {
      network,
      dataset: "custom",
      data: folder("custom"),
      epochs,
      batch,
      crop: chooseCrop(height, width),
      scale: [0.7, 1.7],
      colorJitter: 0.3,
      optimizer: "adamw",
      encoderLearningRate: 1.5e-4,
      decoderLearningRate: 1e-3,
      weightDecay: 1e-2,
      clipNorm: 2,
      schedule: { kind: "poly", power: 0.9, warmup: 50 },
      jaccard: 1,
      averaging: 0.99,
      validateEvery,
      patience: PATIENT_VALIDATIONS * validateEvery,
      // As it was measured.
      replicas: "halves",
    };
  },
};

/** A crop in the shape of the photos: as large as they are where that is small enough. */
function chooseCrop(height: number, width: number): [height: number, width: number] {
  const shrink = Math.min(1, Math.sqrt(CROP_PIXELS / (height * width)));
  const side = (size: number) => Math.max(SIDE_STEP, Math.round((size * shrink) / SIDE_STEP) * SIDE_STEP);
  return [side(height), side(width)];
}
