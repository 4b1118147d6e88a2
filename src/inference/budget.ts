import { checkInteger } from "../check.ts";
import { MAX_NETWORK_PIXELS } from "../images/check.ts";
import { median } from "../median.ts";
import type { RunnableModel } from "../model-files/model.ts";
import { MAX_BUDGET } from "./max-budget.ts";
import { createPredictor, type PredictorOptions } from "./predictor.ts";
import type { SegmenterOptions } from "./segmenter.ts";

/** Sides of the square photos that are timed. */
const SIDES = [128, 256] as const;
const RUNS = 3;
/** What a network sees at least, in pixels: below that, nothing is recognised. */
const LEAST_PIXELS = 64 * 64;

/** What a budget comes to on this machine. */
export interface FittedBudget {
  /** For `SegmenterOptions.maxPixels`. */
  readonly maxPixels: number;
  /** In a sentence, for the user. */
  readonly note: string;
}

/**
 * Chooses how many pixels a network may see, so that a photo is segmented within a budget: times it on two
 * small photos, and takes the time to be linear in the pixels, as convolutions are.
 *
 * @param options `budget` in milliseconds, 1 to 60,000; `maxPixels` stays the most that is chosen
 * @returns undefined without a budget
 * @throws LightsegError INVALID_ARGUMENT for a budget out of range, RUNTIME if the engine fails
 */
export async function fitBudget(
  model: RunnableModel,
  engine: PredictorOptions,
  { budget, maxPixels: most = MAX_NETWORK_PIXELS }: Pick<SegmenterOptions, "budget" | "maxPixels">,
): Promise<FittedBudget | undefined> {
  if (budget === undefined) return undefined;
  checkInteger(budget, "Segmenter.load", "budget", 1, MAX_BUDGET);
  const [small, large] = [await timePhoto(model, engine, SIDES[0]), await timePhoto(model, engine, SIDES[1])];
  const perPixel = Math.max((large - small) / (SIDES[1] ** 2 - SIDES[0] ** 2), Number.EPSILON);
  const fixed = Math.max(0, small - perPixel * SIDES[0] ** 2);
  const fitting = Math.floor((budget - fixed) / perPixel);
  const maxPixels = Math.min(most, Math.max(LEAST_PIXELS, fitting));
  const side = Math.round(Math.sqrt(maxPixels));
  const expected = `about ${(fixed + perPixel * maxPixels).toFixed(0)} ms`;
  const kept = `the network sees photos at most as large as ${side}x${side}, which takes ${expected}`;
  return {
    maxPixels,
    note:
      fitting < LEAST_PIXELS
        ? `the budget of ${budget} ms cannot be kept here: ${kept}`
        : `to keep the budget of ${budget} ms, ${kept}`,
  };
}

/** Milliseconds from pixels to labels, the median of a few runs after the first. */
async function timePhoto(model: RunnableModel, engine: PredictorOptions, side: number): Promise<number> {
  const photo = { width: side, height: side, data: new Uint8Array(3 * side * side) };
  const predictor = createPredictor(model, engine);
  const times: number[] = [];
  try {
    for (let run = -1; run < RUNS; run++) {
      const start = performance.now();
      predictor.chooseLabels(await predictor.predict(photo), photo);
      if (run >= 0) times.push(performance.now() - start);
    }
  } finally {
    await predictor.dispose();
  }
  return median(times) ?? Number.NaN;
}
