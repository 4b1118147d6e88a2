import { checkInteger, checkKeys } from "../check.ts";
import { LightsegError } from "../errors.ts";
import { checkLabels } from "../images/check.ts";
import { IGNORE_LABEL } from "../images/palette.ts";
import type { LabelMap } from "../images/types.ts";
import { columnDistances, isNear } from "./distance.ts";

/** How well the outlines of each class were found; each number is a share in 0..1. */
export interface BoundaryMetrics {
  /** Mean of `score` over the classes that are not null; null where no image had any boundary. */
  meanScore: number | null;
  /** Per class: the mean F-score over images; null for a class without boundary. */
  score: (number | null)[];
  /** Per class: mean over images of the share of predicted boundary pixels that lie near a true one. */
  precision: (number | null)[];
  /** Per class: mean over images of the share of true boundary pixels that lie near a predicted one. */
  recall: (number | null)[];
}

/** Share of the image's diagonal, as Csurka et al. (2013) chose it. */
export const BOUNDARY_TOLERANCE = 0.0075;

/**
 * Boundary F-score of Csurka et al., "What is a good evaluation measure for semantic segmentation?" (BMVC
 * 2013).
 *
 * A boundary pixel of a class has a pixel of another class to its left, right, above or below. Pixels whose
 * truth is the ignore label neither count nor make a boundary, in truth and prediction alike; nor does the
 * edge of the image. Two boundary pixels are near when their centers are at most `tolerance` diagonals apart
 * (not rounded). An image counts for a class with a boundary in truth or prediction. With only one of them,
 * precision, recall and score are 0.
 */
export class BoundaryScore {
  readonly classes: number;
  readonly tolerance: number;
  readonly #images: Float64Array;
  readonly #scores: Float64Array;
  readonly #precisions: Float64Array;
  readonly #recalls: Float64Array;

  /**
   * @param classes 1..255
   * @param tolerance 0..1, a share of the image's diagonal; defaults to 0.0075
   * @throws LightsegError INVALID_ARGUMENT
   */
  constructor(classes: number, options: { tolerance?: number } = {}) {
    checkKeys(options, ["tolerance"], "BoundaryScore");
    const { tolerance = BOUNDARY_TOLERANCE } = options;
    checkInteger(classes, "BoundaryScore", "classes", 1, IGNORE_LABEL);
    if (!(tolerance >= 0 && tolerance <= 1)) throw invalid("tolerance", "must be from 0 to 1", tolerance);
    this.classes = classes;
    this.tolerance = tolerance;
    this.#images = new Float64Array(classes);
    this.#scores = new Float64Array(classes);
    this.#precisions = new Float64Array(classes);
    this.#recalls = new Float64Array(classes);
  }

  /**
   * Adds one image.
   *
   * @param truth 0..classes-1 or 255, `[H, W]`
   * @param prediction 0..classes-1, `[H, W]` of the same size
   * @throws LightsegError INVALID_ARGUMENT for unequal sizes, INVALID_IMAGE for a malformed label map
   */
  add(truth: LabelMap, prediction: LabelMap): void {
    checkLabels(truth, "BoundaryScore");
    checkLabels(prediction, "BoundaryScore");
    const { width, height } = truth;
    if (prediction.width !== width || prediction.height !== height) {
      const found = `${prediction.width}x${prediction.height}`;
      throw invalid("prediction", `must have the truth's size, ${width}x${height}`, found);
    }
    const radius = this.tolerance * Math.hypot(width, height);
    const trueOnes = findBoundary(truth, truth.data);
    const predictedOnes = findBoundary(prediction, truth.data);
    for (let label = 0; label < this.classes; label++) {
      const recall = shareNear({ of: trueOnes, near: predictedOnes, label, radius });
      const precision = shareNear({ of: predictedOnes, near: trueOnes, label, radius });
      if (recall === undefined && precision === undefined) continue;
      const both = (precision ?? 0) + (recall ?? 0);
      count(this.#images, label, 1);
      count(this.#precisions, label, precision ?? 0);
      count(this.#recalls, label, recall ?? 0);
      if (both > 0) count(this.#scores, label, (2 * (precision ?? 0) * (recall ?? 0)) / both);
    }
  }

  /** The scores over all images so far. */
  compute(): BoundaryMetrics {
    const images = [...this.#images];
    const mean = (sums: Float64Array) =>
      images.map((number, label) => (number === 0 ? null : (sums[label] ?? 0) / number));
    const score = mean(this.#scores);
    const present = score.filter((value) => value !== null);
    const total = present.reduce((sum, value) => sum + value, 0);
    return {
      meanScore: present.length === 0 ? null : total / present.length,
      score,
      precision: mean(this.#precisions),
      recall: mean(this.#recalls),
    };
  }
}

/** The labels of all boundary pixels, 255 everywhere else; `truth` says which pixels are ignored. */
export function findBoundary({ width, height, data }: LabelMap, truth: Uint8Array): LabelMap {
  const boundary = new Uint8Array(data.length).fill(IGNORE_LABEL);
  const compare = (first: number, second: number) => {
    if (data[first] === data[second]) return;
    if (truth[first] === IGNORE_LABEL || truth[second] === IGNORE_LABEL) return;
    boundary[first] = data[first] ?? IGNORE_LABEL;
    boundary[second] = data[second] ?? IGNORE_LABEL;
  };
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++, pixel++) {
      if (x + 1 < width) compare(pixel, pixel + 1);
      if (y + 1 < height) compare(pixel, pixel + width);
    }
  }
  return { width, height, data: boundary };
}

/** Share of the pixels in `of` that have a pixel of `near` within the radius; undefined without pixels. */
function shareNear({
  of,
  near,
  label,
  radius,
}: {
  of: LabelMap;
  near: LabelMap;
  label: number;
  radius: number;
}): number | undefined {
  if (!of.data.includes(label)) return undefined;
  if (!near.data.includes(label)) return 0;
  const distances = columnDistances(near, label);
  let all = 0;
  let found = 0;
  for (let pixel = of.data.indexOf(label); pixel >= 0; pixel = of.data.indexOf(label, pixel + 1)) {
    all += 1;
    if (isNear(distances, pixel, radius)) found += 1;
  }
  return found / all;
}

function count(sums: Float64Array, label: number, value: number): void {
  sums[label] = (sums[label] ?? 0) + value;
}

function invalid(argument: string, rule: string, value: unknown): LightsegError {
  return new LightsegError({ code: "INVALID_ARGUMENT", where: "BoundaryScore", argument, rule, value });
}
