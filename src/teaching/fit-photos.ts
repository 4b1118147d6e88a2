import { resizeLabels, resizePhoto } from "../images/resample.ts";
import { sumByLabel } from "../inference/class-shares.ts";
import type { LabelledPhoto, Samples } from "../training/samples.ts";

/** Photos of one training, none larger than the crop. */
export interface FittedPhotos extends Samples {
  /** Of all crops, in pixels: the largest height and width among the photos. */
  readonly crop: [height: number, width: number];
  /** Labelled pixels of each label, 256 values: thin strokes lose pixels when a photo is shrunk. */
  readonly counts: Float64Array;
}

/** Shrinks photos so that no side is longer than `longSide`; smaller ones stay as they are. */
export function fitPhotos(samples: readonly LabelledPhoto[], longSide: number): FittedPhotos {
  const fitted = samples.map((sample) => shrinkLabelled(sample, longSide));
  const counts = new Float64Array(256);
  for (const { labels } of fitted)
    for (const [label, count] of sumByLabel(labels.data).entries())
      counts[label] = (counts[label] ?? 0) + count;
  return {
    size: fitted.length,
    counts,
    crop: [
      Math.max(...fitted.map(({ photo }) => photo.height)),
      Math.max(...fitted.map(({ photo }) => photo.width)),
    ],
    async load(index) {
      const sample = fitted[index];
      if (!sample) throw new RangeError(`there is no photo ${index}`);
      return sample;
    },
  };
}

/** Shrinks a photo and its labels so that no side is longer than `longSide`. */
export function shrinkLabelled({ photo, labels }: LabelledPhoto, longSide: number): LabelledPhoto {
  const scale = Math.min(1, longSide / Math.max(photo.width, photo.height));
  const side = (size: number) => Math.max(1, Math.round(size * scale));
  const [width, height] = [side(photo.width), side(photo.height)];
  return { photo: resizePhoto(photo, width, height), labels: resizeLabels(labels, width, height) };
}
