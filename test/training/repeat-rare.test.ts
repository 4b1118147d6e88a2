import { describe, expect, it } from "vitest";
import { camvid } from "../../src/datasets/camvid.ts";
import type { Dataset } from "../../src/datasets/dataset.ts";
import { countPhotoLabels } from "../../src/training/photo-labels.ts";
import { repeatFactors, repeatRareClasses } from "../../src/training/repeat-rare.ts";

describe("repeatFactors", () => {
  it("is the square root of threshold over frequency, at least 1, of a photo's rarest class", () => {
    // Class 0 in 4 of 4 photos, 1 in 2, 2 in 1; 0.5 / 1, 0.5 / 0.5, 0.5 / 0.25.
    const present = [[0], [0, 1], [0, 1, 2], [0]];
    expect(repeatFactors(present, 0.5)).toEqual([1, 1, Math.SQRT2, 1]);
    expect(repeatFactors(present, 1)).toEqual([1, Math.SQRT2, 2, 1]);
    expect(repeatFactors([[], [3]], 1)).toEqual([1, Math.SQRT2]);
  });
});

/** Photos of 10 x 20 pixels, class 0 but for a number of pixels of another class each. */
function makeDataset(others: readonly { label: number; pixels: number }[]): Dataset {
  const [width, height] = [20, 10];
  return {
    name: "made",
    split: "train",
    labels: camvid.labels,
    size: others.length,
    ids: others.map((_, index) => `photo ${index}`),
    async load(index) {
      const { label, pixels } = others[index] ?? { label: 0, pixels: 0 };
      const data = new Uint8Array(width * height).fill(label, 0, pixels);
      const photo = { width, height, data: new Uint8Array(3 * width * height) };
      return { id: `photo ${index}`, photo, labels: { width, height, data } };
    },
  };
}

describe("repeatRareClasses", () => {
  it("repeats photos of rare classes, with their ids and samples", async () => {
    // Class 5 in 1 of 4 photos: 1 / 0.25 has the root 2.
    const dataset = makeDataset([
      { label: 0, pixels: 0 },
      { label: 5, pixels: 60 },
      { label: 0, pixels: 0 },
      { label: 0, pixels: 0 },
    ]);
    const done: number[] = [];
    const onProgress = (count: number) => done.push(count);
    const repeated = repeatRareClasses(await countPhotoLabels(dataset, onProgress), {
      threshold: 1,
      seed: 0,
    });
    expect(repeated.dataset.ids).toEqual(["photo 0", "photo 1", "photo 1", "photo 2", "photo 3"]);
    expect(repeated.dataset.size).toBe(5);
    expect((await repeated.dataset.load(2)).id).toBe("photo 1");
    expect(done).toEqual([1, 2, 3, 4]);
    expect(repeated.counts.map((counts) => counts[5])).toEqual([0, 60, 60, 0, 0]);
    await expect(repeated.dataset.load(5)).resolves.toMatchObject({ id: "photo 4" });
  });

  it("does not count a few pixels, nor ignored ones", async () => {
    const photos = [1, 2].map((pixels) => ({ label: 5, pixels }));
    const dataset = makeDataset([...photos, { label: 255, pixels: 199 }, { label: 0, pixels: 0 }]);
    const { ids } = repeatRareClasses(await countPhotoLabels(dataset), { threshold: 1, seed: 0 }).dataset;
    // 1 of 200 pixels is less than 1 %, 2 are not.
    expect(ids).toEqual(["photo 0", "photo 1", "photo 1", "photo 2", "photo 3"]);
  });

  it("rounds by chance, the same for a seed", async () => {
    const dataset = makeDataset(
      Array.from({ length: 400 }, (_, index) => ({ label: 5, pixels: index % 2 === 0 ? 50 : 0 })),
    );
    const counted = await countPhotoLabels(dataset);
    const repeat = (seed: number) => repeatRareClasses(counted, { threshold: 1, seed }).dataset;
    const { size, ids } = repeat(3);
    // 200 photos once and 200 root two times: 482.8, give or take 7 of standard deviation.
    expect(Math.abs(size - 482.8)).toBeLessThan(35);
    expect(repeat(3).ids).toEqual(ids);
    expect(repeat(4).ids).not.toEqual(ids);
  });
});
