import type { Palette } from "../images/types.ts";
import type { ModelDescription } from "../model-files/model.ts";

/** What was found of one class. */
export interface ClassShare {
  readonly label: number;
  readonly name: string;
  readonly color: Palette[number];
  readonly pixels: number;
  /** Share of all pixels, 0..1. */
  readonly share: number;
  /** Mean softmax probability over the pixels of this class, 0..1; only where it was asked for. */
  readonly confidence?: number;
}

/** The classes among the labels, the largest first. */
export function countClasses(labels: Uint8Array, model: LabelNames): ClassShare[] {
  return shareOut(sumByLabel(labels), model);
}

type LabelNames = Pick<ModelDescription, "classes" | "palette">;

/** The classes that have pixels, the largest first. @param counts pixels of each label */
export function shareOut(counts: ArrayLike<number>, { classes, palette }: LabelNames): ClassShare[] {
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0);
  return classes
    .map((name, label) => {
      const pixels = counts[label] ?? 0;
      return { label, name, color: palette[label] ?? [0, 0, 0], pixels, share: pixels / total };
    })
    .filter(({ pixels }) => pixels > 0)
    .sort((a, b) => b.pixels - a.pixels);
}

/** Sum of the values (1 each where absent) at the pixels of each label. */
export function sumByLabel(labels: ArrayLike<number>, values?: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(256);
  // Neighboring pixels mostly share a label, so each run is summed up and written once.
  let label = labels[0] ?? 0;
  let sum = 0;
  for (let pixel = 0; pixel < labels.length; pixel++) {
    if (labels[pixel] !== label) {
      sums[label] = (sums[label] ?? 0) + sum;
      label = labels[pixel] ?? 0;
      sum = 0;
    }
    sum += values ? (values[pixel] ?? 0) : 1;
  }
  sums[label] = (sums[label] ?? 0) + sum;
  return sums;
}
