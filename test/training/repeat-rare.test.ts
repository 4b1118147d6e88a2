import { describe, expect, it } from "vitest";
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

/** Pixels of each class in photos of 200 pixels: class 0 but for some of another class, or of none (255). */
function countsOf(others: readonly { label: number; pixels: number }[]): Float64Array[] {
  return others.map(({ label, pixels }) => {
    const counts = new Float64Array(11);
    counts[0] = 200 - pixels;
    if (label < 11) counts[label] = (counts[label] ?? 0) + pixels;
    return counts;
  });
}

describe("repeatRareClasses", () => {
  it("repeats photos of rare classes", () => {
    // Class 5 in 1 of 4 photos: 1 / 0.25 has the root 2.
    const plain = { label: 0, pixels: 0 };
    const counts = countsOf([plain, { label: 5, pixels: 60 }, plain, plain]);
    expect(repeatRareClasses(counts, { threshold: 1, seed: 0 })).toEqual([0, 1, 1, 2, 3]);
  });

  it("does not count a few pixels, nor ignored ones", () => {
    const photos = [1, 2].map((pixels) => ({ label: 5, pixels }));
    const counts = countsOf([...photos, { label: 255, pixels: 199 }, { label: 0, pixels: 0 }]);
    // 1 of 200 pixels is less than 1 %, 2 are not.
    expect(repeatRareClasses(counts, { threshold: 1, seed: 0 })).toEqual([0, 1, 1, 2, 3]);
  });

  it("rounds by chance, the same for a seed", () => {
    const counts = countsOf(
      Array.from({ length: 400 }, (_, index) => ({ label: 5, pixels: index % 2 === 0 ? 50 : 0 })),
    );
    const repeat = (seed: number) => repeatRareClasses(counts, { threshold: 1, seed });
    // 200 photos once and 200 root two times: 482.8, give or take 7 of standard deviation.
    expect(Math.abs(repeat(3).length - 482.8)).toBeLessThan(35);
    expect(repeat(3)).toEqual(repeat(3));
    expect(repeat(4)).not.toEqual(repeat(3));
  });
});
