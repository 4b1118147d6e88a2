import { finetune } from "./finetune.ts";
import type { Recipe } from "./recipe.ts";

/**
 * Ours, for photos of which only strokes are labelled, as they are painted in a page: recipe `finetune`, but
 * that every class counts the same. The soft Jaccard loss needs whole objects and is left out.
 */
export const strokes: Recipe = {
  name: "strokes",
  summary: "ours, for photos of one's own with strokes for labels",
  datasets: finetune.datasets,
  build: (input) => ({ ...finetune.build(input), classWeights: "balanced", jaccard: 0 }),
};
