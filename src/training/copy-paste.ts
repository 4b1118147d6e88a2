/**
 * Copy-paste augmentation (Ghiasi et al. 2021, "Simple Copy-Paste"), for semantic masks: an object of a rare
 * class is cut out of one photo and pasted over another.
 */
import { LightsegError } from "../errors.ts";
import type { Photo } from "../images/types.ts";
import type { Random } from "../random.ts";
import { type AugmentationOptions, bilinear, type Crop, drawVariation, writeImage } from "./augmentation.ts";
import type { DrawPaste } from "./batches.ts";
import { presentClasses } from "./photo-labels.ts";
import type { LabelledPhoto } from "./samples.ts";

/** Classes that at most this share of the photos has are rare. */
const RARE = 0.5;

/** A photo by its index, and the class that is cut out of it. */
export interface Donor {
  readonly index: number;
  readonly label: number;
}

/** Gives a random donor. */
export type DrawDonor = (random: Random) => Donor;

/**
 * Finds the photos that objects may be cut out of: those with a class that at most half of the photos have.
 *
 * Draws the class first, with a chance in proportion to `1 / sqrt(photos that have it)`, then one of its
 * photos.
 *
 * @param counts pixels of each class in each photo, see `countPhotoLabels`
 * @throws LightsegError INVALID_DATASET if no class is rare
 */
export function findDonors(counts: readonly Float64Array[]): DrawDonor {
  const holders = new Map<number, number[]>();
  for (const [index, ofPhoto] of counts.entries()) {
    for (const label of presentClasses(ofPhoto)) {
      const photos = holders.get(label);
      if (photos) photos.push(index);
      else holders.set(label, [index]);
    }
  }
  const rare = [...holders].filter(([, photos]) => photos.length <= RARE * counts.length);
  const last = rare.at(-1);
  if (!last) {
    throw new LightsegError({
      code: "INVALID_DATASET",
      where: "train",
      argument: "copyPaste",
      rule: "needs a class that at most half of the photos have",
      hint: "leave copyPaste (--copy-paste) at 0",
    });
  }
  const chances = rare.map(([, photos]) => 1 / Math.sqrt(photos.length));
  const total = chances.reduce((sum, chance) => sum + chance, 0);
  return (random) => {
    let rest = random() * total;
    const found = rare.find((_, place) => {
      rest -= chances[place] ?? 0;
      return rest < 0;
    });
    // Rounding may leave a rest above 0 behind the last class.
    const [label, photos] = found ?? last;
    return { label, index: photos[Math.floor(random() * photos.length)] ?? 0 };
  };
}

/** Pastes an object of a drawn donor over a photo with this probability, 0..1. */
export function pasteObjects(probability: number, drawDonor: DrawDonor): DrawPaste {
  return async (samples, random) => {
    if (random() >= probability) return undefined;
    const { index, label } = drawDonor(random);
    const object = cutObject(await samples.load(index), label);
    return object && ((options, crop) => pasteInto(object, options, random, crop));
  };
}

/** The smallest rectangle of a photo that holds all pixels of a class. */
export interface CutObject {
  readonly label: number;
  /** The rectangle's pixels. */
  readonly photo: Photo;
  /** Size of the photo that it was cut out of. */
  readonly source: { readonly width: number; readonly height: number };
  /** 1 at the pixels of the class, 0 elsewhere, row-major `[photo.height, photo.width]`. */
  readonly mask: Uint8Array;
}

/**
 * Cuts all pixels of a class out of a photo.
 *
 * Pixels with the ignore label are left out: PASCAL VOC's ignored border holds surroundings too. The mask is
 * of the whole class, not of one connected part, since occluders split an object into parts.
 *
 * @returns undefined if the photo has no pixel of the class
 */
export function cutObject({ photo, labels }: LabelledPhoto, label: number): CutObject | undefined {
  let [top, bottom, left, right] = [labels.height, 0, labels.width, 0];
  for (let y = 0, pixel = 0; y < labels.height; y++) {
    for (let x = 0; x < labels.width; x++, pixel++) {
      if (labels.data[pixel] !== label) continue;
      top = Math.min(top, y);
      bottom = y + 1;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
    }
  }
  if (bottom === 0) return undefined;
  const [width, height] = [right - left, bottom - top];
  const data = new Uint8Array(3 * width * height);
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * labels.width + left;
    data.set(photo.data.subarray(3 * from, 3 * (from + width)), 3 * y * width);
    for (let x = 0; x < width; x++) mask[y * width + x] = labels.data[from + x] === label ? 1 : 0;
  }
  const source = { width: photo.width, height: photo.height };
  return { label, photo: { width, height, data }, source, mask };
}

/**
 * Pastes an object over the sample that `augmentInto` wrote into a crop.
 *
 * The object is resized, mirrored and changed in color by its own draws from the photos' ranges. A small
 * object lies in the crop as a whole; of a large one a part is seen. Its mask is interpolated like its
 * colors: at the outline object and photo are mixed, and the label is the object's from half on.
 *
 * @param random consumed in a fixed order, so that equal generators give equal results
 * @param crop changed in place
 */
export function pasteInto(
  { label, photo, source, mask }: CutObject,
  options: AugmentationOptions,
  random: Random,
  { image, target }: Crop,
): void {
  const [height, width] = options.crop;
  const { rows, columns, color } = drawVariation(photo, source, options, random);

  const area = height * width;
  const object = new Float32Array(3 * area);
  writeImage(photo, rows, columns, color, options.preprocessing, object);
  for (let y = rows.begin; y < rows.end; y++) {
    const upper = (rows.low[y] ?? 0) * photo.width;
    const lower = (rows.high[y] ?? 0) * photo.width;
    const down = rows.weight[y] ?? 0;
    for (let x = columns.begin; x < columns.end; x++) {
      const left = columns.low[x] ?? 0;
      const right = columns.high[x] ?? 0;
      const across = columns.weight[x] ?? 0;
      const cover = bilinear(mask, upper + left, upper + right, lower + left, lower + right, across, down);
      if (cover === 0) continue;
      const pixel = y * width + x;
      for (let at = pixel; at < image.length; at += area) {
        const under = image[at] ?? 0;
        image[at] = under + ((object[at] ?? 0) - under) * cover;
      }
      if (cover >= 0.5) target[pixel] = label;
    }
  }
}
