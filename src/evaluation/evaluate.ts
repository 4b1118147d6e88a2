import { checkInteger, checkKeys, invalidArgument } from "../check.ts";
import { type Dataset, requireDataset } from "../datasets/dataset.ts";
import type { LabelMap, Photo } from "../images/types.ts";
import { meanConfidence, type Prediction } from "../inference/confidence.ts";
import { mapAhead } from "../streams.ts";
import { type BoundaryMetrics, BoundaryScore } from "./boundary.ts";
import { type Calibration, CalibrationCounts } from "./calibration.ts";
import { ConfusionMatrix } from "./confusion-matrix.ts";
import { chooseLowConfidence } from "./low-confidence.ts";
import { computeMetrics, type Metrics } from "./metrics.ts";

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** The photo's label map, of the photo's size; calibration is measured where it comes with confidences. */
  predict: (photo: Photo) => Promise<Prediction>;
  /** Photos that are predicted at once, beside the one that is counted. Defaults to 1. */
  concurrency?: number;
  /** Also computes the boundary F-score. `tolerance` is a share of the image's diagonal; default 0.0075. */
  boundary?: { tolerance?: number };
  /** Called with the id and prediction of each photo. The next photo waits for the promise. */
  onPrediction?: (id: string, labels: LabelMap) => Promise<void>;
  /** Called after each photo with the number done and the number of all. */
  onProgress?: (done: number, total: number) => void;
  /** Stops between two photos; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
}

const OPTIONS = ["predict", "concurrency", "boundary", "onPrediction", "onProgress", "signal"] as const;

/** What was measured on a split. */
export interface Evaluation extends Metrics {
  /** How many photos there are. */
  images: number;
  /** What the metrics were computed from. */
  confusion: ConfusionMatrix;
  /** Only where it was asked for. */
  boundary?: BoundaryMetrics;
  /** Only where the predictor gave confidences. */
  calibration?: Calibration;
  /** Mean confidence that 3 % of the photos are under, 0..1; only where the predictor gave confidences. */
  lowConfidence?: number;
}

/**
 * Measures a predictor on a split, at full size: one confusion matrix over all its pixels.
 *
 * The next photos are decoded and predicted while one is counted. Memory grows by one number a photo.
 */
export async function evaluate(dataset: Dataset, options: EvaluateOptions): Promise<Evaluation> {
  requireDataset(dataset, "evaluate");
  checkKeys(options, OPTIONS, "evaluate");
  const { predict, concurrency = 1, boundary, onPrediction, onProgress, signal } = options;
  if (typeof predict !== "function")
    throw invalidArgument("evaluate", "predict", "must be a function", predict);
  checkInteger(concurrency, "evaluate", "concurrency");
  const classes = dataset.labels.classes.length;
  const confusion = new ConfusionMatrix(classes);
  const outlines = boundary && new BoundaryScore(classes, boundary);
  const confidences = new CalibrationCounts();
  const means: (number | undefined)[] = [];
  const measure = async (index: number) => {
    const { id, photo, labels } = await dataset.load(index);
    return { id, labels, prediction: await predict(photo) };
  };
  for await (const { item: index, result } of mapAhead(range(dataset.size), measure, concurrency)) {
    signal?.throwIfAborted();
    const { id, labels, prediction } = await result;
    confusion.add(labels, prediction);
    confidences.add(labels, prediction);
    if (prediction.confidence) means.push(meanConfidence(prediction, dataset.labels.classes));
    outlines?.add(labels, prediction);
    await onPrediction?.(id, prediction);
    onProgress?.(index + 1, dataset.size);
  }
  const calibration = confidences.compute();
  const lowConfidence = chooseLowConfidence(means);
  return {
    ...computeMetrics(confusion),
    images: dataset.size,
    confusion,
    ...(outlines && { boundary: outlines.compute() }),
    ...(calibration && { calibration }),
    ...(lowConfidence !== undefined && { lowConfidence }),
  };
}

function* range(count: number): Generator<number, void, undefined> {
  for (let index = 0; index < count; index++) yield index;
}
