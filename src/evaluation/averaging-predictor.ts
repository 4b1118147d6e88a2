import type { Palette, Photo } from "../images/types.ts";
import type { Prediction } from "../inference/confidence.ts";
import { createPredictor, type Predictor, type PredictorOptions } from "../inference/predictor.ts";
import type { RunnableModel } from "../model-files/model.ts";
import type { Preprocessing } from "../models/preprocessing.ts";
import { averageViews, checkViews, type ViewOptions } from "./average-views.ts";
import type { ScoreMap } from "./probability-sum.ts";

/** Options of `createAveragingPredictor`: the views to average (test-time augmentation), and the engine. */
export interface AveragingPredictorOptions extends ViewOptions, PredictorOptions {
  /** Stops between two runs of the network; `predict` then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** A model that looks at each photo several times. Owns an engine session. */
export interface AveragingPredictor {
  /** The label map of a photo, of the photo's size, with confidences. */
  predict(photo: Photo): Promise<Prediction>;
  dispose(): Promise<void>;
}

/**
 * Makes a predictor for `evaluate` that averages over scales, mirroring and sliding windows: see
 * `averageViews`.
 *
 * @throws LightsegError INVALID_ARGUMENT
 */
export async function createAveragingPredictor(
  model: RunnableModel,
  { dtype, open, target, threads, signal, ...options }: AveragingPredictorOptions,
): Promise<AveragingPredictor> {
  const views = checkViews(options);
  const predictor = createPredictor(model, { dtype, open, target, threads });
  const network = {
    score: (photo: Photo) => scoresOf(predictor, photo),
    classes: model.classes.length,
    alignCorners: model.alignCorners,
    fill: meanColor(model.preprocessing),
  };
  return {
    predict: (photo) => averageViews(photo, network, { ...views, signal }),
    dispose: () => predictor.dispose(),
  };
}

async function scoresOf(predictor: Predictor, photo: Photo): Promise<ScoreMap> {
  const { data, shape } = await predictor.predict(photo);
  const [, , height, width] = shape;
  if (data instanceof Float32Array && height !== undefined && width !== undefined)
    return { data, height, width };
  throw new TypeError("the predictor has no scores [1, classes, h, w]");
}

/** The color that the network sees as 0, to the nearest byte. */
function meanColor({ mean: [red, green, blue], scale }: Preprocessing): Palette[number] {
  const byte = (value: number) => Math.min(255, Math.max(0, Math.round(value / scale)));
  return [byte(red), byte(green), byte(blue)];
}
