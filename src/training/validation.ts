import type { Dataset } from "../datasets/dataset.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import { byClassName } from "../evaluation/metrics.ts";
import { createPredictor, predictLabels } from "../inference/predictor.ts";
import type { Model } from "../models/model.ts";
import type { OpenSession } from "../runtime/session.ts";

export interface ValidateOptions {
  open: OpenSession;
  threads: number | undefined;
  onProgress: (done: number, total: number) => void;
}

/** Measures a model on a data set at full size, single scale; what is logged of it. */
export async function validate(
  model: Model,
  dataset: Dataset,
  { open, threads, onProgress }: ValidateOptions,
) {
  const predictor = await createPredictor(model, { outputs: ["labels"], open, threads });
  try {
    const predict = predictLabels(predictor);
    const { miou, pixelAccuracy, iou } = await evaluate(dataset, { predict, onProgress });
    return { miou, pixelAccuracy, iou: byClassName(model.classes, iou) };
  } finally {
    await predictor.dispose();
  }
}
