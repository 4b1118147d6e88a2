import { finetune } from "./finetune.ts";
import type { Recipe } from "./recipe.ts";

/**
 * Ours, for photos of which only strokes are labelled, to go on from what was taught on some of them: recipe
 * `finetune` with settings that keep few labelled pixels from being learned by heart (docs/teach.md).
 */
export const strokes: Recipe = {
  name: "strokes",
  summary: "ours, for photos of one's own with strokes for labels",
  datasets: finetune.datasets,
  build: (input) => ({
    ...finetune.build(input),
    freezeEncoder: true,
    weightDecay: 8,
    scale: [1, 1],
    colorJitter: 0,
    classWeights: "balanced",
    // It needs whole objects.
    jaccard: 0,
  }),
};
