import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/datasets/dataset.ts";
import { imagenetPreprocessing } from "../../src/models/preprocessing.ts";
import { makeBatch } from "../../src/training/batches.ts";
import { classWeights } from "../../src/training/class-weights.ts";
import { findDonors, pasteObjects } from "../../src/training/copy-paste.ts";
import { countPhotoLabels } from "../../src/training/photo-labels.ts";
import { testPhoto } from "../support/model.ts";

const labels = {
  classes: ["a", "b"],
  palette: [
    [0, 0, 0],
    [9, 9, 9],
  ],
  ignoreLabel: 255,
} as const;
const dataset: Dataset = {
  name: "five",
  split: "train",
  labels,
  size: 5,
  ids: ["0", "1", "2", "3", "4"],
  load: async (index) => ({
    id: String(index),
    photo: testPhoto(20, 10),
    // One pixel in four is b, one in four ignored.
    labels: {
      width: 20,
      height: 10,
      data: Uint8Array.from({ length: 200 }, (_, pixel) => [0, 0, 1, 255][pixel % 4] ?? 0),
    },
  }),
};
const options = {
  batch: 2,
  seed: 3,
  augmentation: { crop: [8, 12], scale: [0.5, 2], mirror: true, preprocessing: imagenetPreprocessing },
} as const;

describe("makeBatch", () => {
  it("depends on data, seed and step alone", async () => {
    const [first, again, next, otherSeed] = await Promise.all([
      makeBatch(dataset, options, 4),
      makeBatch(dataset, options, 4),
      makeBatch(dataset, options, 5),
      makeBatch(dataset, { ...options, seed: 4 }, 4),
    ]);
    expect(first.image.shape).toEqual([2, 3, 8, 12]);
    expect(first.target.shape).toEqual([2, 8, 12]);
    expect(again).toEqual(first);
    expect(next).not.toEqual(first);
    expect(otherSeed).not.toEqual(first);
    expect([...first.target.data].every((label) => [0, 1, 255].includes(label))).toBe(true);
  });

  it("gives each photo its own part of the batch", async () => {
    const samples = {
      size: 2,
      load: async (index: number) => ({
        photo: { width: 2, height: 1, data: new Uint8Array(6).fill(10 + index) },
        labels: { width: 2, height: 1, data: Uint8Array.of(index, index) },
      }),
    };
    const preprocessing = { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const augmentation = { crop: [1, 2], scale: [1, 1], mirror: false, preprocessing } as const;
    const { image, target } = await makeBatch(samples, { batch: 2, seed: 0, augmentation }, 0);
    const [first = 0, , second = 0] = target.data;
    expect([first, second].sort()).toEqual([0, 1]);
    expect([...target.data]).toEqual([first, first, second, second]);
    expect([...image.data]).toEqual([...Array(6).fill(10 + first), ...Array(6).fill(10 + second)]);
  });
});

describe("makeBatch with copyPaste", () => {
  // Only the last photo has class b, in its middle.
  const rare: Dataset = {
    ...dataset,
    load: async (index) => ({
      id: String(index),
      photo: testPhoto(20, 10),
      labels: {
        width: 20,
        height: 10,
        data: Uint8Array.from({ length: 200 }, (_, p) => (index === 4 && p % 20 > 5 && p % 20 < 15 ? 1 : 0)),
      },
    }),
  };

  it("pastes objects by the seed, and leaves the photos as they are without", async () => {
    const counts = await countPhotoLabels(rare, 2);
    const drawDonor = findDonors(counts);
    const make = (probability: number, step = 0) =>
      makeBatch(rare, { ...options, drawPaste: pasteObjects(probability, drawDonor) }, step);
    expect(await make(0)).toEqual(await makeBatch(rare, options, 0));
    const pasted = await make(1);
    expect(await make(1)).toEqual(pasted);
    // Each photo of the first two batches has the class now.
    for (const { target } of [pasted, await make(1, 1)]) {
      const area = target.data.length / 2;
      expect(target.data.subarray(0, area)).toContain(1);
      expect(target.data.subarray(area)).toContain(1);
    }
  });
});

describe("classWeights", () => {
  it("are 1 / ln(1.02 + share), scaled to a mean of 1, ignored pixels apart", async () => {
    const a = 1 / Math.log(1.02 + 2 / 3);
    const b = 1 / Math.log(1.02 + 1 / 3);
    const weights = classWeights("log", await countPhotoLabels(dataset, 2));
    expect(weights?.[0]).toBeCloseTo((2 * a) / (a + b), 10);
    expect(weights?.[1]).toBeCloseTo((2 * b) / (a + b), 10);
  });

  it("are 1 / share where classes are balanced, and nothing for a class without pixels", () => {
    const counts = [Float64Array.of(10, 30, 0), Float64Array.of(0, 10, 0)];
    // 1/10 and 1/40, scaled to a mean of 1.
    expect(classWeights("balanced", counts)).toEqual([expect.closeTo(2.4, 10), expect.closeTo(0.6, 10), 0]);
    expect(classWeights("balanced", [new Float64Array(2)])).toEqual([1, 1]);
    expect(classWeights("none", counts)).toBeUndefined();
  });
});
