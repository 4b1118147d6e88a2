import type { Recipe } from "./recipe.ts";

/** Ours, for two processor cores: small crops, batch norm frozen, rare classes weighted, moving averages. */
export const camvid: Recipe = {
  name: "camvid",
  summary: "ours, for a small machine: 120 epochs of 256x256 crops, rare classes weighted",
  datasets: ["camvid"],
  build: ({ network, folder }) => ({
    network,
    dataset: "camvid",
    data: folder("camvid"),
    epochs: 120,
    batch: 4,
    crop: [256, 256],
    scale: [0.6, 1.8],
    colorJitter: 0.3,
    encoderLearningRate: 2e-3,
    decoderLearningRate: 1.5e-2,
    weightDecay: 5e-5,
    schedule: { kind: "poly", power: 0.9, warmup: 100 },
    classWeights: "log",
    averaging: 0.999,
    validateEvery: 10,
  }),
};
