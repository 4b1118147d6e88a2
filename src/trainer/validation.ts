import { type Dataset, spreadEvenly } from "../datasets/dataset.ts";
import { confusionRows } from "../evaluation/confusion-matrix.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import { byClassName } from "../evaluation/metrics.ts";
import type { LabelMap } from "../images/types.ts";
import { createPredictor, predictWithConfidence } from "../inference/predictor.ts";
import type { Model } from "../model-files/model.ts";
import { makePanel } from "../report/panels.ts";
import type { RunEvaluation } from "../runs/evaluation-file.ts";
import type { OpenSession } from "../runtime/session.ts";
import type { ValidationRecord } from "../training/events.ts";

export interface ValidateOptions {
  open: OpenSession;
  threads: number | undefined;
  onProgress: (done: number, total: number) => void;
}

/** A model that was measured, and what was found. */
export interface MeasuredModel {
  /** The values for the log. */
  readonly metrics: Pick<ValidationRecord, "miou" | "pixelAccuracy" | "iou">;
  /**
   * The mean confidence that few of the photos are under, see `ModelDescription`; undefined where all is
   * background.
   */
  readonly lowConfidence: number | undefined;
  /** What the report shows besides; drawn when asked for. */
  describe(step: number): Promise<RunEvaluation>;
}

/** Photos that a report shows, spread evenly over the validation split. */
const PANELS = 6;

/** Measures a model on a data set at full size, single scale. */
export async function validate(
  model: Model,
  dataset: Dataset,
  { open, threads, onProgress }: ValidateOptions,
): Promise<MeasuredModel> {
  const predictor = createPredictor(model, { open, threads });
  try {
    const shown = new Map(spreadEvenly(dataset.size, PANELS).map((index) => [dataset.ids[index], index]));
    const predictions = new Map<number, LabelMap>();
    const { miou, pixelAccuracy, iou, confusion, lowConfidence } = await evaluate(dataset, {
      predict: predictWithConfidence(predictor),
      onPrediction: async (id, labels) => {
        const index = shown.get(id);
        if (index !== undefined) predictions.set(index, labels);
      },
      onProgress,
    });
    const { classes, palette } = model;
    return {
      metrics: { miou, pixelAccuracy, iou: byClassName(classes, iou) },
      lowConfidence,
      async describe(step) {
        const panels: RunEvaluation["panels"] = [];
        for (const [index, prediction] of predictions) {
          const { id, photo, labels } = await dataset.load(index);
          panels.push(await makePanel({ id, photo, truth: labels, prediction, palette }));
        }
        return {
          step,
          classes: [...classes],
          palette: palette.map(([red, green, blue]) => [red, green, blue]),
          confusion: confusionRows(confusion),
          panels,
        };
      },
    };
  } finally {
    await predictor.dispose();
  }
}
