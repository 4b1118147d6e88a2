import { checkInteger } from "../check.ts";
import { LightsegError } from "../errors.ts";
import { checkLabels } from "../images/check.ts";
import { IGNORE_LABEL } from "../images/palette.ts";
import type { LabelMap } from "../images/types.ts";

/** Counts how often each true class was predicted as each class, over any number of images. */
export class ConfusionMatrix {
  readonly classes: number;
  /** `[classes, classes]`, row-major: `counts[truth * classes + prediction]` pixels. */
  readonly counts: Float64Array;
  #ignored = 0;

  /**
   * @param classes 1..255 (255 is the ignore label)
   * @throws LightsegError INVALID_ARGUMENT
   */
  constructor(classes: number) {
    checkInteger(classes, "ConfusionMatrix", "classes", 1, IGNORE_LABEL);
    this.classes = classes;
    this.counts = new Float64Array(classes * classes);
  }

  /** The true pixels of each label, 0..255; those with the ignore label are at 255. */
  get labelPixels(): Float64Array<ArrayBuffer> {
    const pixels = new Float64Array(256);
    for (const [cell, count] of this.counts.entries()) {
      const label = Math.floor(cell / this.classes);
      pixels[label] = (pixels[label] ?? 0) + count;
    }
    pixels[IGNORE_LABEL] = this.#ignored;
    return pixels;
  }

  /**
   * Adds one image. Pixels whose truth is the ignore label 255 are skipped.
   *
   * Nothing is counted when it throws.
   *
   * @param truth 0..classes-1 or 255, `[H, W]`
   * @param prediction 0..classes-1, `[H, W]` of the same size
   * @throws LightsegError INVALID_ARGUMENT, or INVALID_IMAGE for a malformed label map
   */
  add(truth: LabelMap, prediction: LabelMap): void {
    checkLabels(truth, "ConfusionMatrix");
    checkLabels(prediction, "ConfusionMatrix");
    if (truth.width !== prediction.width || truth.height !== prediction.height) {
      const size = `${truth.width}x${truth.height}`;
      throw invalid(
        "prediction",
        `must have the truth's size, ${size}`,
        `${prediction.width}x${prediction.height}`,
      );
    }
    const { classes } = this;
    const counts = new Uint32Array(classes * classes);
    const expected = truth.data;
    const predicted = prediction.data;
    let ignored = 0;
    for (let pixel = 0; pixel < expected.length; pixel++) {
      const row = expected[pixel] ?? 0;
      if (row === IGNORE_LABEL) {
        ignored++;
        continue;
      }
      const column = predicted[pixel] ?? 0;
      if (row >= classes) throw invalid("truth", `must hold 0..${classes - 1} or ${IGNORE_LABEL}`, row);
      if (column >= classes) throw invalid("prediction", `must hold 0..${classes - 1}`, column);
      const cell = row * classes + column;
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
    for (const [cell, count] of counts.entries()) this.counts[cell] = (this.counts[cell] ?? 0) + count;
    this.#ignored += ignored;
  }
}

/** The counts row by row: one row for each true class, one column for each predicted one. */
export function confusionRows({ classes, counts }: ConfusionMatrix): number[][] {
  return Array.from({ length: classes }, (_, row) => [
    ...counts.subarray(row * classes, (row + 1) * classes),
  ]);
}

function invalid(argument: string, rule: string, value: unknown): LightsegError {
  return new LightsegError({ code: "INVALID_ARGUMENT", where: "ConfusionMatrix", argument, rule, value });
}
