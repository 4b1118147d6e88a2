import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/datasets/dataset.ts";
import { imagenetPreprocessing, normalizeInto } from "../../src/models/preprocessing.ts";
import { createRandom, type Random } from "../../src/random.ts";
import { type AugmentationOptions, augmentInto } from "../../src/training/augmentation.ts";

const preprocessing = imagenetPreprocessing;

/** A photo with red 12 * column, green 12 * row, label row * width + column: each tells the place. */
function placeSample(width: number, height: number): Sample {
  const photo = { width, height, data: new Uint8Array(width * height * 3) };
  const labels = { width, height, data: new Uint8Array(width * height) };
  for (let pixel = 0; pixel < width * height; pixel++) {
    photo.data.set([12 * (pixel % width), 12 * Math.floor(pixel / width), 77], 3 * pixel);
    labels.data[pixel] = pixel;
  }
  return { id: "place", photo, labels };
}

function augment(sample: Sample, options: Omit<AugmentationOptions, "preprocessing">, random: Random) {
  const area = options.crop[0] * options.crop[1];
  const images = new Float32Array(3 * area);
  const targets = new Int32Array(area);
  augmentInto(sample, { ...options, preprocessing }, random, { image: images, target: targets });
  /** The 0..255 value that a normalised one came from. */
  const color = (channel: 0 | 1 | 2, pixel: number) =>
    ((images[channel * area + pixel] ?? Number.NaN) * preprocessing.std[channel] +
      preprocessing.mean[channel]) *
    255;
  return { images, targets, color };
}

/** A generator that gives the listed numbers in turn. */
function sequence(...values: number[]): Random {
  return () => values.shift() ?? 0;
}

const anySample = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.nat())
  .map(([width, height, seed]): Sample => {
    const random = createRandom(seed);
    const bytes = (length: number, top: number) =>
      Uint8Array.from({ length }, () => Math.floor(random() * top));
    const photo = { width, height, data: bytes(width * height * 3, 256) };
    return { id: "any", photo, labels: { width, height, data: bytes(width * height, 11) } };
  });
const anyCrop = fc.tuple(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 16 }));
const anyScale = fc.tuple(
  fc.double({ min: 0.1, max: 1, noNaN: true }),
  fc.double({ min: 1, max: 3, noNaN: true }),
);

describe("augmentInto", () => {
  it("only normalises when nothing may vary", () => {
    fc.assert(
      fc.property(anySample, fc.nat(), (sample, seed) => {
        const { photo, labels } = sample;
        const crop = [photo.height, photo.width] as const;
        const { images, targets } = augment(
          sample,
          { crop, scale: [1, 1], mirror: false },
          createRandom(seed),
        );
        const expected = new Float32Array(images.length);
        normalizeInto(photo, preprocessing, expected, 0);
        expect(images).toEqual(expected);
        expect([...targets]).toEqual([...labels.data]);
      }),
    );
  });

  it("enlarges photos until their shorter side is long enough, upright ones too", () => {
    for (const [width, height] of [
      [4, 2],
      [2, 4],
    ] as const) {
      // Twice the size fills the crop; once would leave padding.
      const options = {
        crop: [2 * height, 2 * width],
        scale: [1, 1],
        shorterSide: 4,
        mirror: false,
      } as const;
      const { targets } = augment(placeSample(width, height), options, sequence());
      const twice = (at: number) => width * Math.floor(at / (4 * width)) + Math.floor((at % (2 * width)) / 2);
      expect([...targets]).toEqual(Array.from({ length: 4 * width * height }, (_, at) => twice(at)));
    }
  });

  it("mirrors photo and labels together", () => {
    const sample = placeSample(3, 2);
    const options = { crop: [2, 3], scale: [1, 1], mirror: true } as const;
    // Draws: scale, row, column, mirror.
    const mirrored = augment(sample, options, sequence(0, 0, 0, 0.49));
    expect([...mirrored.targets]).toEqual([2, 1, 0, 5, 4, 3]);
    [24, 12, 0, 24, 12, 0].forEach((red, pixel) => {
      expect(mirrored.color(0, pixel)).toBeCloseTo(red, 3);
    });
    const plain = augment(sample, options, sequence(0, 0, 0, 0.5));
    expect([...plain.targets]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("mirrors always, whatever is drawn", () => {
    const options = { crop: [2, 3], scale: [1, 1], mirror: "always" } as const;
    const { targets } = augment(placeSample(3, 2), options, sequence(0, 0, 0, 0.9));
    expect([...targets]).toEqual([2, 1, 0, 5, 4, 3]);
  });

  it("gives the mirror image of what it gives without mirroring", () => {
    fc.assert(
      fc.property(anySample, anyCrop, anyScale, fc.nat(), (sample, crop, scale, seed) => {
        const random = createRandom(seed);
        const draws = [random(), random(), random()];
        const [height, width] = crop;
        const options = { crop, scale, mirror: true };
        const plain = augment(sample, options, sequence(...draws, 0.9));
        const mirrored = augment(sample, options, sequence(...draws, 0.1));
        for (let pixel = 0; pixel < height * width; pixel++) {
          const twin = pixel - (pixel % width) + (width - 1 - (pixel % width));
          expect(mirrored.targets[pixel]).toBe(plain.targets[twin]);
          expect(mirrored.color(1, pixel)).toBe(plain.color(1, twin));
        }
      }),
    );
  });

  it("keeps photo and labels at the same place, and pads with the mean color and the ignore label", () => {
    const sample = placeSample(16, 15);
    fc.assert(
      fc.property(anyCrop, anyScale, fc.boolean(), fc.nat(), (crop, scale, mirror, seed) => {
        const { images, targets, color } = augment(sample, { crop, scale, mirror }, createRandom(seed));
        const area = crop[0] * crop[1];
        for (let pixel = 0; pixel < area; pixel++) {
          const label = targets[pixel] ?? -1;
          if (label === 255) {
            // Half a grey level, the rounding of the mean color, is less than 0.01 after normalisation.
            for (let channel = 0; channel < 3; channel++) {
              expect(Math.abs(images[channel * area + pixel] ?? 1)).toBeLessThan(0.01);
            }
          } else {
            expect(Math.abs(color(0, pixel) / 12 - (label % 16))).toBeLessThanOrEqual(0.5 + 1e-4);
            expect(Math.abs(color(1, pixel) / 12 - Math.floor(label / 16))).toBeLessThanOrEqual(0.5 + 1e-4);
            expect(color(2, pixel)).toBeCloseTo(77, 3);
          }
        }
      }),
    );
  });

  it("only takes labels from the source, or the ignore label", () => {
    fc.assert(
      fc.property(anySample, anyCrop, anyScale, fc.nat(), (sample, crop, scale, seed) => {
        const allowed = new Set([...sample.labels.data, 255]);
        const { targets } = augment(sample, { crop, scale, mirror: true }, createRandom(seed));
        expect([...targets].every((label) => allowed.has(label))).toBe(true);
      }),
    );
  });

  it("interpolates at half-pixel centres, clamped at the edge", () => {
    const photo = { width: 2, height: 1, data: Uint8Array.of(0, 0, 0, 100, 100, 100) };
    const sample: Sample = { id: "two", photo, labels: { width: 2, height: 1, data: Uint8Array.of(3, 4) } };
    const { targets, color } = augment(sample, { crop: [2, 4], scale: [2, 2], mirror: false }, sequence());
    [0, 25, 75, 100, 0, 25, 75, 100].forEach((value, pixel) => {
      expect(color(0, pixel)).toBeCloseTo(value, 3);
    });
    expect([...targets]).toEqual([3, 3, 4, 4, 3, 3, 4, 4]);
  });

  it("places the crop anywhere in the photo, and the photo anywhere in the crop", () => {
    const wide = placeSample(3, 1);
    const one = { crop: [1, 1], scale: [1, 1], mirror: false } as const;
    const taken = [0, 0.4, 0.99].map((column) => augment(wide, one, sequence(0, 0, column)).targets[0]);
    expect(taken).toEqual([0, 1, 2]);
    const five = { crop: [1, 5], scale: [1, 1], mirror: false } as const;
    const placed = [0, 0.4, 0.99].map((column) => [...augment(wide, five, sequence(0, 0, column)).targets]);
    expect(placed).toEqual([
      [0, 1, 2, 255, 255],
      [255, 0, 1, 2, 255],
      [255, 255, 0, 1, 2],
    ]);
  });

  it("changes brightness, contrast and saturation when asked", () => {
    const photo = { width: 1, height: 1, data: Uint8Array.of(100, 50, 200) };
    const sample: Sample = { id: "one", photo, labels: { width: 1, height: 1, data: Uint8Array.of(0) } };
    const options = { crop: [1, 1], scale: [1, 1], mirror: false, colorJitter: 0.5 } as const;
    const colors = (brightness: number, contrast: number, saturation: number) => {
      // Draws: scale, row, column, then the three factors, where f is drawn as f - 0.5.
      const draws = [0, 0, 0, brightness - 0.5, contrast - 0.5, saturation - 0.5];
      const { color } = augment(sample, options, sequence(...draws));
      return [color(0, 0), color(1, 0), color(2, 0)];
    };
    const expectColors = (actual: number[], expected: number[]) => {
      expected.forEach((value, channel) => {
        expect(actual[channel]).toBeCloseTo(value, 3);
      });
    };
    expectColors(colors(1, 1, 1), [100, 50, 200]);
    // 200 * 1.4 is clipped.
    expectColors(colors(1.4, 1, 1), [140, 70, 255]);
    const mean = preprocessing.mean.map((value) => value * 255);
    expectColors(
      colors(1, 0.5, 1),
      [100, 50, 200].map((value, c) => (value + (mean[c] ?? 0)) / 2),
    );
    const grey = 0.299 * 100 + 0.587 * 50 + 0.114 * 200;
    expectColors(
      colors(1, 1, 0.5),
      [100, 50, 200].map((value) => (value + grey) / 2),
    );
  });

  it("changes gamma when asked, and draws nothing else otherwise", () => {
    const photo = { width: 1, height: 1, data: Uint8Array.of(0, 64, 255) };
    const sample: Sample = { id: "one", photo, labels: { width: 1, height: 1, data: Uint8Array.of(0) } };
    const options = { crop: [1, 1], scale: [1, 1], mirror: false, gamma: 1 } as const;
    // Draws: scale, row, column, brightness, contrast, saturation, gamma.
    const greens = [0, 0.5, 1].map((draw) => {
      const { color } = augment(sample, options, sequence(0, 0, 0, 0, 0, 0, draw));
      expect(color(0, 0)).toBeCloseTo(0, 3);
      expect(color(2, 0)).toBeCloseTo(255, 3);
      return color(1, 0);
    });
    [255 * Math.sqrt(64 / 255), 64, 255 * (64 / 255) ** 2].forEach((value, index) => {
      expect(Math.abs((greens[index] ?? 0) - value)).toBeLessThan(0.501);
    });
    const left = [0, 0, 0, 0, 0, 0, 0.25];
    augment(sample, { ...options, gamma: 0 }, () => left.shift() ?? 0);
    expect(left).toEqual([0.25]);
  });
});
