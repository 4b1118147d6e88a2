import { resizeLabels, resizePhoto } from "../images/resample.ts";
import { sumByLabel } from "../inference/class-shares.ts";
import { type LabelledPhoto, type Samples, samplesOf } from "../training/samples.ts";
import { checkSample } from "./check.ts";

/** Photos of one training, none larger than the crop. */
export interface FittedPhotos extends Samples {
  /** Of all crops, in pixels: the largest height and width among the photos. */
  readonly crop: [height: number, width: number];
  /** Labelled pixels of each label, 256 values: thin strokes lose pixels when a photo is shrunk. */
  readonly counts: Float64Array;
}

/**
 * Shrinks photos so that no side is longer than `longSide`; smaller ones stay as they are. They are read one
 * by one, so that only one is in memory at its own size.
 *
 * @throws LightsegError INVALID_IMAGE for a damaged photo, INVALID_ARGUMENT for labels of another size
 */
export async function fitPhotos(samples: Samples, longSide: number): Promise<FittedPhotos> {
  const fitted: LabelledPhoto[] = [];
  for (let index = 0; index < samples.size; index++) {
    const sample = await samples.load(index);
    checkSample(sample);
    fitted.push(shrinkLabelled(sample, longSide));
  }
  const counts = new Float64Array(256);
  for (const { labels } of fitted)
    for (const [label, count] of sumByLabel(labels.data).entries())
      counts[label] = (counts[label] ?? 0) + count;
  return {
    ...samplesOf(fitted, async (sample) => sample),
    counts,
    crop: [
      Math.max(...fitted.map(({ photo }) => photo.height)),
      Math.max(...fitted.map(({ photo }) => photo.width)),
    ],
  };
}

/** Shrinks a photo and its labels so that no side is longer than `longSide`. */
export function shrinkLabelled({ photo, labels }: LabelledPhoto, longSide: number): LabelledPhoto {
  const scale = Math.min(1, longSide / Math.max(photo.width, photo.height));
  const side = (size: number) => Math.max(1, Math.round(size * scale));
  const [width, height] = [side(photo.width), side(photo.height)];
  return { photo: resizePhoto(photo, width, height), labels: resizeLabels(labels, width, height) };
}
