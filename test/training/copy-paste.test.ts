import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/datasets/dataset.ts";
import { createRandom, type Random } from "../../src/random.ts";
import type { AugmentationOptions } from "../../src/training/augmentation.ts";
import { cutObject, findDonors, pasteInto } from "../../src/training/copy-paste.ts";
import { lightsegError } from "../support/errors.ts";

/** Values of 0..255 stay as they are. */
const preprocessing = { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] } as const;

/** A generator that gives the listed numbers in turn, then 0. */
function sequence(...values: number[]): Random {
  return () => values.shift() ?? 0;
}

/** A gray photo, pixel i of value `first + i`, with these labels, row by row. */
function sampleOf(rows: readonly (readonly number[])[], first: number): Sample {
  const [width, height] = [rows[0]?.length ?? 0, rows.length];
  const photo = Uint8Array.from({ length: 3 * width * height }, (_, at) => first + Math.floor(at / 3));
  const labels = { width, height, data: Uint8Array.from(rows.flat()) };
  return { id: "made", photo: { width, height, data: photo }, labels };
}

/** Pastes class 7 of a donor over a crop of value 50 and label 1. */
function paste(
  donor: Sample,
  options: Pick<AugmentationOptions, "crop"> & Partial<AugmentationOptions>,
  random: Random,
) {
  const area = options.crop[0] * options.crop[1];
  const images = new Float32Array(3 * area).fill(50);
  const targets = new Int32Array(area).fill(1);
  const object = cutObject(donor, 7);
  if (!object) throw new Error("the donor has no class 7");
  const defaults = { scale: [1, 1], mirror: false, preprocessing } as const;
  pasteInto(object, { ...defaults, ...options }, random, { image: images, target: targets });
  return { images, red: [...images.subarray(0, area)], targets: [...targets] };
}

/** Numbers of photos whose only class apart from 0 is given. */
function countsOf(...labels: number[]): Float64Array[] {
  return labels.map((label) => {
    const counts = new Float64Array(6);
    counts[0] = 50;
    counts[label] = (counts[label] ?? 0) + 50;
    return counts;
  });
}

describe("cutObject", () => {
  it("cuts the rectangle around all pixels of the class, also where another stands in front", () => {
    const donor = sampleOf(
      [
        [0, 0, 0, 0, 0],
        [0, 7, 2, 7, 0],
        [0, 0, 2, 7, 0],
      ],
      100,
    );
    const object = cutObject(donor, 7);
    expect(object?.mask).toEqual(Uint8Array.of(1, 0, 1, 0, 0, 1));
    expect(object?.photo).toMatchObject({ width: 3, height: 2 });
    expect([...(object?.photo.data ?? [])].filter((_, at) => at % 3 === 0)).toEqual([
      106, 107, 108, 111, 112, 113,
    ]);
    expect(object?.source).toEqual({ width: 5, height: 3 });
  });

  it("leaves the ignored border of an object out", () => {
    const donor = sampleOf(
      [
        [255, 255, 255, 0],
        [255, 7, 255, 0],
      ],
      0,
    );
    expect(cutObject(donor, 7)).toMatchObject({ photo: { width: 1, height: 1 }, mask: Uint8Array.of(1) });
  });

  it("finds an object at the photo's edges, and none where there is none", () => {
    const donor = sampleOf(
      [
        [7, 0],
        [0, 7],
      ],
      0,
    );
    expect(cutObject(donor, 7)?.mask).toEqual(Uint8Array.of(1, 0, 0, 1));
    expect(cutObject(donor, 3)).toBeUndefined();
  });
});

describe("pasteInto", () => {
  const corner = sampleOf(
    [
      [7, 7, 0],
      [7, 255, 0],
    ],
    100,
  );

  it("hides what is below the object, and leaves all else as it was", () => {
    // Draws: scale, row 1 of 0..1, column 2 of 0..2.
    const { images, red, targets } = paste(corner, { crop: [3, 4] }, sequence(0, 0.5, 0.7));
    expect(targets).toEqual([1, 1, 1, 1, 1, 1, 7, 7, 1, 1, 7, 1]);
    expect(red).toEqual([50, 50, 50, 50, 50, 50, 100, 101, 50, 50, 103, 50]);
    expect(images.subarray(12, 24)).toEqual(images.subarray(0, 12));
  });

  it("mirrors the object", () => {
    // Draws: scale, row, column, mirror.
    const { targets } = paste(corner, { crop: [2, 3], mirror: true }, sequence(0, 0, 0, 0.4));
    expect(targets).toEqual([1, 7, 7, 1, 1, 7]);
  });

  it("shows a part of an object that is larger than the crop", () => {
    const donor = sampleOf([[7, 7, 7, 7, 7]], 100);
    const { red, targets } = paste(donor, { crop: [1, 2] }, sequence(0, 0, 0.5));
    // The object may begin 0 to 3 pixels left of the crop; 0.5 is drawn as 2.
    expect(red).toEqual([102, 103]);
    expect(targets).toEqual([7, 7]);
  });

  it("mixes object and photo at the outline, where the label is the one with the larger part", () => {
    // A pixel of value 100 beside one that is not the object's, of value 101, both twice as large.
    const donor = sampleOf([[7, 0, 7]], 100);
    const { red, targets } = paste(donor, { crop: [1, 6], scale: [2, 2] }, sequence());
    // Of the object there are 1, 3/4, 1/4, 1/4, 3/4, 1; the colors are 100, 100.25, 100.75, 101.25, 101.75,
    // 102.
    expect(red).toEqual([100, 87.6875, 62.6875, 62.8125, 88.8125, 102]);
    expect(targets).toEqual([7, 7, 1, 1, 7, 7]);
  });

  it("takes the least size from the photo that the object was cut out of", () => {
    // The donor's shorter side of 2 becomes 4: the object of 2 x 2 becomes 4 x 4, without a quarter.
    const { targets } = paste(corner, { crop: [4, 4], shorterSide: 4 }, sequence());
    expect(targets).toEqual([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 1, 1, 7, 7, 1, 1]);
  });

  it("covers ignored pixels, and changes colors by draws of its own", () => {
    const images = new Float32Array(3).fill(50);
    const targets = new Int32Array(1).fill(255);
    const object = cutObject(sampleOf([[7]], 100), 7);
    if (!object) throw new Error("no object");
    const options = { crop: [1, 1], scale: [1, 1], mirror: false, colorJitter: 0.5, preprocessing } as const;
    // Draws: scale, row, column, brightness 1.4, contrast 1, saturation 1.
    pasteInto(object, options, sequence(0, 0, 0, 0.9, 0.5, 0.5), { image: images, target: targets });
    expect(targets[0]).toBe(7);
    for (const value of images) expect(value).toBeCloseTo(140, 4);
  });
});

describe("findDonors", () => {
  it("draws rare classes in proportion to 1 / sqrt(photos), then one of their photos", () => {
    // Class 0 is everywhere, 1 in 4 of 11 photos, 2 in 1, 3 in more than half: chances of 1/2 and 1 out of
    // 3/2.
    const draw = findDonors(countsOf(1, 1, 2, 1, 1, 3, 3, 3, 3, 3, 3));
    expect(draw(sequence(0, 0))).toEqual({ label: 1, index: 0 });
    expect(draw(sequence(0.33, 0.8))).toEqual({ label: 1, index: 4 });
    expect(draw(sequence(0.34, 0.8))).toEqual({ label: 2, index: 2 });
    expect(draw(sequence(0.999, 0.999))).toEqual({ label: 2, index: 2 });
  });

  it("takes a class for rare that half of the photos have", () => {
    const draw = findDonors(countsOf(1, 2, 2, 1));
    expect(draw(sequence(0, 0.9))).toEqual({ label: 1, index: 3 });
    expect(draw(sequence(0.9, 0))).toEqual({ label: 2, index: 1 });
  });

  it("takes no photo with a few pixels of a class alone", () => {
    const few = Float64Array.of(995, 0, 5);
    const draw = findDonors([few, ...countsOf(2, 0, 0, 0)]);
    const random = createRandom(1);
    for (let time = 0; time < 20; time++) expect(draw(random)).toEqual({ label: 2, index: 1 });
  });

  it("refuses data without a rare class", () => {
    expect(() => findDonors(countsOf(0, 0, 0))).toThrow(lightsegError("INVALID_DATASET", "train"));
  });
});
