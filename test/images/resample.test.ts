import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resizeLabels, resizePhoto, shrinkPhoto, sizeWithin } from "../../src/images/resample.ts";
import { errorOf, gradient, labelsOf, photoOf } from "./helpers.ts";

const grayRow = (...values: number[]) => photoOf(values.length, 1, (x) => Array(3).fill(values[x]));
const red = (data: Uint8Array) => [...data].filter((_, i) => i % 3 === 0);

describe("resizePhoto", () => {
  it("doubles a row at half-pixel centres", () => {
    // Positions -0.25, 0.25, 0.75, 1.25: the outer ones are held at the edge.
    expect(red(resizePhoto(grayRow(0, 100), 4, 1).data)).toEqual([0, 25, 75, 100]);
  });

  it("doubles both sides, channel by channel", () => {
    const corners = photoOf(2, 2, (x, y) => [x * 100, y * 200, 40]);
    const { data } = resizePhoto(corners, 4, 4);
    expect(red(data).slice(4, 8)).toEqual([0, 25, 75, 100]);
    const green = [...data].filter((_, i) => i % 12 === 1);
    expect(green).toEqual([0, 50, 150, 200]);
    expect([...data].filter((_, i) => i % 3 === 2)).toEqual(Array(16).fill(40));
  });

  it("mixes the four pixels around a position", () => {
    // The one output pixel lies in the middle of all four: (10 + 20 + 40 + 90) / 4.
    const four = photoOf(2, 2, (x, y) =>
      Array(3).fill(
        [
          [10, 20],
          [40, 90],
        ][y]?.[x],
      ),
    );
    expect(red(resizePhoto(four, 1, 1).data)).toEqual([40]);
  });

  it("shrinks without smoothing", () => {
    // Position 1.5 of four: the mean of the two in the middle; the outer ones have no part in it.
    expect(red(resizePhoto(grayRow(255, 10, 20, 255), 1, 1).data)).toEqual([15]);
    // Positions 1 and 4 of six.
    expect(red(resizePhoto(grayRow(0, 11, 0, 0, 44, 0), 2, 1).data)).toEqual([11, 44]);
  });

  it("rounds to the nearest byte", () => {
    // Positions 0, 1/3, 1 (of 2 to 3: -1/6, 1/2, 7/6): 0.5 rounds up.
    expect(red(resizePhoto(grayRow(0, 1), 3, 1).data)).toEqual([0, 1, 1]);
  });

  it("agrees with the definition at any pair of sizes", () => {
    const size = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(size, size, size, size, (inWidth, inHeight, width, height) => {
        const photo = gradient(inWidth, inHeight);
        const at = (x: number, y: number, c: number) => photo.data[(y * inWidth + x) * 3 + c] ?? Number.NaN;
        const resized = resizePhoto(photo, width, height);
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const sx = Math.max(0, ((x + 0.5) * inWidth) / width - 0.5);
            const sy = Math.max(0, ((y + 0.5) * inHeight) / height - 0.5);
            const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
            const [x1, y1] = [Math.min(x0 + 1, inWidth - 1), Math.min(y0 + 1, inHeight - 1)];
            for (let c = 0; c < 3; c++) {
              const top = at(x0, y0, c) * (1 - (sx - x0)) + at(x1, y0, c) * (sx - x0);
              const bottom = at(x0, y1, c) * (1 - (sx - x0)) + at(x1, y1, c) * (sx - x0);
              const exact = top * (1 - (sy - y0)) + bottom * (sy - y0);
              const value = resized.data[(y * width + x) * 3 + c] ?? Number.NaN;
              expect(Math.abs(value - exact)).toBeLessThan(0.5001);
            }
          }
        }
      }),
    );
  });

  it("copies a photo at its own size", () => {
    const photo = gradient(13, 7);
    const copy = resizePhoto(photo, 13, 7);
    expect(copy).toEqual(photo);
    expect(copy.data).not.toBe(photo.data);
  });

  it("refuses sizes below 1 and malformed photos", () => {
    for (const side of [0, -3, 1.5, Number.NaN]) {
      errorOf(() => resizePhoto(gradient(2, 2), side, 2), "INVALID_ARGUMENT");
      errorOf(() => resizePhoto(gradient(2, 2), 2, side), "INVALID_ARGUMENT");
    }
    errorOf(() => resizePhoto({ width: 2, height: 2, data: new Uint8Array(4) }, 2, 2), "INVALID_IMAGE");
  });
});

describe("sizeWithin", () => {
  it.each([
    ["its own where that is small enough", [100, 50], 5000, [100, 50]],
    ["half of both sides", [100, 50], 1250, [50, 25]],
    // sqrt(30 / 70) of 10 and 7 are 6.5 and 4.6: rounded, 7 x 5 would be too many.
    ["rounded down", [10, 7], 30, [6, 4]],
    // sqrt(2 / 8) of 1 and 8 are 0.5 and 4.
    ["of a line as many pixels as there may be", [1, 8], 2, [1, 2]],
    ["of a line that lies", [3000, 1], 1200, [1200, 1]],
  ] as const)("is %s", (_name, [width, height], most, [across, down]) => {
    expect(sizeWithin({ width, height }, most)).toEqual({ width: across, height: down });
  });

  it("has at most so many pixels, of any size", () => {
    const side = fc.integer({ min: 1, max: 5000 });
    fc.assert(
      fc.property(side, side, fc.integer({ min: 1, max: 10_000 }), (width, height, most) => {
        const size = sizeWithin({ width, height }, most);
        expect(size.width * size.height).toBeLessThanOrEqual(most);
        expect(Math.min(size.width, size.height)).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});

describe("shrinkPhoto", () => {
  it("takes the mean of all pixels where sides are halved", () => {
    // One pixel of 160 among 4 x 4 of each quarter: 10. Resizing at once would not see it.
    const photo = photoOf(8, 8, (x, y) => Array(3).fill(x === 0 && y === 7 ? 160 : 0));
    const small = shrinkPhoto(photo, 4);
    expect([small.width, small.height]).toEqual([2, 2]);
    expect(red(small.data)).toEqual([0, 0, 10, 0]);
  });

  it("shrinks lines, and leaves what is small enough as it is", () => {
    const line = photoOf(1, 8, () => [7, 7, 7]);
    expect(shrinkPhoto(line, 2)).toEqual(photoOf(1, 2, () => [7, 7, 7]));
    expect(shrinkPhoto(line, 8)).toBe(line);
    errorOf(() => shrinkPhoto(line, 0), "INVALID_ARGUMENT");
  });
});

describe("resizeLabels", () => {
  it("doubles by repeating", () => {
    expect(resizeLabels(labelsOf(2, [1, 2, 3, 255]), 4, 4)).toEqual(
      labelsOf(4, [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 255, 255, 3, 3, 255, 255]),
    );
  });

  it("takes the pixel under each output centre", () => {
    // 5 to 3: floor of 0.83, 2.5, 4.17. 4 to 2: floor of 1, 3.
    expect(resizeLabels(labelsOf(5, [0, 1, 2, 3, 4]), 3, 1)).toEqual(labelsOf(3, [0, 2, 4]));
    expect(resizeLabels(labelsOf(4, [0, 1, 2, 3]), 2, 1)).toEqual(labelsOf(2, [1, 3]));
  });

  it("copies at the same size and refuses sizes below 1", () => {
    const labels = labelsOf(3, [9, 8, 7, 6, 5, 255]);
    expect(resizeLabels(labels, 3, 2)).toEqual(labels);
    errorOf(() => resizeLabels(labels, 0, 2), "INVALID_ARGUMENT");
  });

  it("makes up no label", () => {
    const side = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), side, side, (data, width, height) => {
        const resized = resizeLabels({ width: data.length, height: 1, data }, width, height);
        expect(resized.data.length).toBe(width * height);
        expect(resized.data.every((label) => data.includes(label))).toBe(true);
      }),
    );
  });
});
